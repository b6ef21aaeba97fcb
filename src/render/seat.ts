import { setTimeout as sleep } from 'node:timers/promises'
import type { Identity } from '../pixels/messages.ts'
import type { PictureTask } from './picture-task.ts'
import type { TaskQueue } from './task-queue.ts'
import { type WorkerExit, type WorkerLaunch, WorkerProcess } from './worker-process.ts'

/** Why a worker was replaced. */
export type RestartReason = 'crashed' | 'overran' | 'recycled'

/** What a seat needs to know. */
export interface SeatOptions {
  readonly launch: WorkerLaunch
  readonly queue: TaskQueue<PictureTask>
  readonly closing: AbortSignal
  readonly pictureTimeoutMs: number
  readonly startTimeoutMs: number
  readonly maxWorkerRssBytes: number
  readonly listener: SeatListener
}

/** What a seat reports. */
export interface SeatListener {
  started(pid: number | undefined, identity: Identity): void
  replaced(pid: number | undefined, reason: RestartReason, exit: WorkerExit): void
  /** A worker ended before it was of any use; `failures` is how many have in a row. */
  failed(exit: WorkerExit, failures: number): void
}

/** A worker as it is at one moment. Memory is what it last reported. */
export interface WorkerState {
  readonly pid: number | undefined
  readonly state: 'starting' | 'idle' | 'busy'
  readonly rssBytes: number
}

/** What a worker did, and why it must be replaced; without a reason it was let go. */
interface Served {
  readonly pictures: number
  readonly reason?: RestartReason
}

const BACKOFF_MS = { first: 100, longest: 5_000 }

/** One place of the pool: keeps one worker alive, and hands it one picture after another. */
export class Seat {
  readonly #options: SeatOptions
  #worker: WorkerProcess | undefined
  #state: WorkerState['state'] = 'starting'
  #task: PictureTask | undefined

  constructor(options: SeatOptions) {
    this.#options = options
  }

  /** Its worker; `undefined` between two. */
  get worker(): WorkerState | undefined {
    if (!this.#worker) return undefined
    return { pid: this.#worker.pid, state: this.#state, rssBytes: this.#worker.rssBytes }
  }

  /** Gives up what its worker is doing, for the reason given, and ends it. */
  stop(reason: unknown): void {
    this.#task?.abandon(reason)
    this.#worker?.kill()
  }

  /** Runs until the pool closes and its queue is empty, or workers fail while it closes. */
  async keep(): Promise<void> {
    const { closing, queue } = this.#options
    let failures = 0
    while (!closing.aborted || (queue.size > 0 && failures === 0)) {
      const uselessExit = await this.#employ(new WorkerProcess(this.#options.launch))
      failures = uselessExit ? failures + 1 : 0
      if (uselessExit) await this.#backOff(uselessExit, failures)
    }
  }

  /** Keeps one worker from its start to its end; gives its exit when it was of no use. */
  async #employ(worker: WorkerProcess): Promise<WorkerExit | undefined> {
    this.#worker = worker
    this.#state = 'starting'
    const late = setTimeout(() => worker.kill(), this.#options.startTimeoutMs)
    const identity = await worker.ready
    clearTimeout(late)
    if (identity) this.#options.listener.started(worker.pid, identity)
    const served: Served = identity ? await this.#serve(worker) : { pictures: 0, reason: 'crashed' }
    const exit = await worker.ended
    this.#worker = undefined
    if (served.reason) this.#options.listener.replaced(worker.pid, served.reason, exit)
    return served.reason && served.pictures === 0 ? exit : undefined
  }

  async #serve(worker: WorkerProcess): Promise<Served> {
    for (let pictures = 0; ; pictures += 1) {
      this.#state = 'idle'
      const task = await this.#options.queue.take(worker.gone)
      if (!task) {
        if (worker.gone.aborted) return { pictures, reason: 'crashed' }
        await worker.dismiss()
        return { pictures }
      }
      const reason = await this.#perform(worker, task)
      if (reason) return { pictures: pictures + 1, reason }
    }
  }

  /** Has one picture done; says why the worker must be replaced after it, if it must. */
  async #perform(worker: WorkerProcess, task: PictureTask): Promise<RestartReason | undefined> {
    this.#state = 'busy'
    this.#task = task
    task.begin()
    const outcome = await worker.perform(task.job, this.#options.pictureTimeoutMs)
    this.#task = undefined
    if (task.settle(outcome)) this.#options.queue.pushFirst(task)
    if (outcome.kind === 'lost') return outcome.reason
    if (worker.rssBytes <= this.#options.maxWorkerRssBytes) return undefined
    await worker.dismiss()
    return 'recycled'
  }

  /** After a worker that was of no use: the next one waits, longer every time. */
  async #backOff(exit: WorkerExit, failures: number): Promise<void> {
    this.#options.listener.failed(exit, failures)
    const delayMs = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.longest)
    // Closing cuts the wait short; that is all that the rejection says.
    await sleep(delayMs, undefined, { signal: this.#options.closing }).catch(() => undefined)
  }
}
