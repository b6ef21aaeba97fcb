import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Answer, Identity, Job } from '../pixels/messages.ts'
import { createDeferred, type Deferred } from './deferred.ts'
import { residentBytes } from './resident-memory.ts'
import { packJob, readWorkerMessage } from './worker-message.ts'

/** How a worker is started. */
export interface WorkerLaunch {
  readonly workerFile: string
  /** All that the worker sees of the environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly execArgv: readonly string[]
  /** By how much the worker's priority is lower than usual, from 0 to 19. */
  readonly niceness: number
  /** Gets every line that the worker, or a codec in it, writes to its standard error. */
  readonly onLine: (line: string, pid: number | undefined) => void
}

/** How a process ended: by an exit code, by a signal, or by not having started at all. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines of its standard error, or why it did not start. */
  readonly lastWords: string
}

/** What comes of a job: an answer, or the end of the worker that had it, which may not even have begun it. */
export type Outcome = Answer | { readonly kind: 'lost'; readonly reason: Loss }

/** Why a job got no answer. */
type Loss = 'crashed' | 'overran' | 'outgrew' | 'unbegun'

/** How a job is done. */
export interface Errand {
  /** The worker is killed when it has not answered so long after it began. */
  readonly timeoutMs: number
  /** The worker is killed when it is seen to hold more memory while it has the job. Linux only. */
  readonly maxRssBytes: number
  /** Called when the worker has nothing before this job any more. */
  readonly onBegin: () => void
}

interface Posted extends Errand {
  readonly outcome: Deferred<Outcome>
}

/**
 * Of a render worker, unless another is set: under a flood of misses hits are three times as fast as at 5, though small
 * calls to the bucket push a worker off its core more often.
 */
export const WORKER_NICENESS = 15

/** The kernel's out-of-memory killer takes a worker before it takes the gateway. */
const OOM_SCORE = '500'
const LAST_LINES = 8
const DISMISSAL_MS = 2_000

/** How often it is looked how much a busy worker holds: most pictures are done before the first time. */
const LOOK_MS = 100

/** One render worker as the main process sees it: a child process of lower priority that does one job after the other. */
export class WorkerProcess {
  /** What the worker says of itself; `undefined` when it ended before it said anything. */
  readonly ready: Promise<Identity | undefined>
  readonly ended: Promise<WorkerExit>
  /** Aborted when the worker has ended. */
  readonly gone: AbortSignal
  readonly #child: ChildProcess
  readonly #ready = createDeferred<Identity | undefined>()
  readonly #ended = createDeferred<WorkerExit>()
  readonly #gone = new AbortController()
  readonly #lines: string[] = []
  readonly #posted: Posted[] = []
  #timer: NodeJS.Timeout | undefined
  #watch: NodeJS.Timeout | undefined
  /** Why we have killed it, if we have. */
  #excess: 'overran' | 'outgrew' | undefined
  #rssBytes = 0

  constructor(launch: WorkerLaunch) {
    this.ready = this.#ready.promise
    this.ended = this.#ended.promise
    this.gone = this.#gone.signal
    this.#child = fork(launch.workerFile, [], {
      env: { ...launch.environment },
      execArgv: [...launch.execArgv],
      serialization: 'advanced',
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    })
    // At once, before its threads are made: on Linux a priority belongs to a thread, and new threads inherit it.
    if (this.pid !== undefined) yieldToGateway(this.pid, launch.niceness)
    this.#listen(launch)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resident memory in bytes, as the worker last reported it. */
  get rssBytes(): number {
    return this.#rssBytes
  }

  /** Does one job after those that it has already; a job's bytes can so be there when its turn comes. Never rejects. */
  async perform(job: Job, errand: Errand): Promise<Outcome> {
    if (this.gone.aborted) return { kind: 'lost', reason: 'unbegun' }
    const posted: Posted = { ...errand, outcome: createDeferred<Outcome>() }
    this.#posted.push(posted)
    if (this.#posted.length === 1) this.#begin()
    // A channel that has broken shows as the worker's end, not here.
    const { message, bytes } = packJob(job)
    this.#child.send(message, () => undefined)
    for (const chunk of bytes) this.#child.stdin?.write(chunk)
    return posted.outcome.promise
  }

  /** Ends the worker at once, whatever it is doing, even if it is stopped. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Lets an idle worker go, and waits until it has gone. */
  async dismiss(): Promise<void> {
    const timer = setTimeout(() => this.kill(), DISMISSAL_MS)
    if (this.#child.connected) this.#child.disconnect()
    await this.ended
    clearTimeout(timer)
  }

  #listen({ onLine }: WorkerLaunch): void {
    const { stdin, stderr } = this.#child
    // A pipe that has broken shows as the worker's end.
    stdin?.on('error', () => undefined)
    if (stderr) {
      createInterface({ input: stderr }).on('line', (line) => {
        this.#lines.push(line)
        if (this.#lines.length > LAST_LINES) this.#lines.shift()
        onLine(line, this.pid)
      })
    }
    this.#child.on('message', (message) => this.#receive(message))
    this.#child.on('exit', (code, signal) => {
      // What it wrote last is read first. (`close` would wait for that too, but does not come after `disconnect`.)
      const end = (): void => this.#end({ code, signal, lastWords: this.#lines.join('\n') })
      if (!stderr || stderr.closed) end()
      else stderr.once('close', end)
    })
    this.#child.on('error', (error) => {
      // Also emitted for a failed send or kill, after which `exit` still comes.
      if (this.pid === undefined) this.#end({ code: null, signal: null, lastWords: error.message })
    })
  }

  #receive(sent: unknown): void {
    const message = readWorkerMessage(sent)
    if (!message) return this.kill()
    this.#rssBytes = message.rssBytes
    if (message.kind === 'ready') this.#ready.resolve(message.identity)
    else this.#settle(message.answer)
  }

  #settle(answer: Answer): void {
    const done = this.#posted.shift()
    this.#begin()
    done?.outcome.resolve(answer)
  }

  /** The clock runs for the first job alone, and it is to blame for what the worker holds. */
  #begin(): void {
    this.#stopWatching()
    const [first] = this.#posted
    if (first === undefined) return
    this.#timer = setTimeout(() => this.#killFor('overran'), first.timeoutMs)
    this.#watch = setInterval(() => {
      const { pid } = this
      if (pid !== undefined && (residentBytes(pid) ?? 0) > first.maxRssBytes) this.#killFor('outgrew')
    }, LOOK_MS)
    first.onBegin()
  }

  #stopWatching(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#watch)
  }

  #killFor(excess: 'overran' | 'outgrew'): void {
    this.#excess ??= excess
    this.kill()
  }

  #end(exit: WorkerExit): void {
    this.#gone.abort()
    this.#stopWatching()
    const [first, ...rest] = this.#posted.splice(0)
    first?.outcome.resolve({ kind: 'lost', reason: this.#excess ?? 'crashed' })
    for (const { outcome } of rest) outcome.resolve({ kind: 'lost', reason: 'unbegun' })
    this.#ready.resolve(undefined)
    this.#ended.resolve(exit)
  }
}

/** Best effort: a platform may know no priorities, and a worker may be gone already, which its end tells. */
function yieldToGateway(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness)
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE)
  } catch {
    // Pictures come out right without either.
  }
}
