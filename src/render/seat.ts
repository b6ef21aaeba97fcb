import { setTimeout as sleep } from 'node:timers/promises'
import type { Identity } from '../pixels/messages.ts'
import type { PictureTask } from './picture-task.ts'
import type { TaskQueue } from './task-queue.ts'
import { type WorkerExit, type WorkerLaunch, WorkerProcess } from './worker-process.ts'

/** Why a worker was replaced. */
export type RestartReason = 'crashed' | 'overran' | 'outgrew' | 'recycled'

/** What a seat needs to know. */
export interface SeatOptions {
  readonly launch: WorkerLaunch
  readonly queue: TaskQueue<PictureTask>
  readonly closing: AbortSignal
  readonly pictureTimeoutMs: number
  readonly startTimeoutMs: number
  readonly maxWorkerRssBytes: number
  readonly workerLimitBytes: number
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
  pictures: number
  reason?: RestartReason
}

/** Pictures that wait at a worker's door while it renders. */
const PICTURES_AHEAD = 1

/** What a worker has for longer may take seconds: no other picture comes to its door then, as the next worker may be free earlier. */
const SOON_DONE_MS = 250

/** A reason of our own: without one, `abort` makes an exception, with a stack, each time. */
const CHANGED = new Error('No more pictures ahead')

const BACKOFF_MS = { first: 100, longest: 5_000 }

/** One place of the pool: keeps one worker alive, and hands it one picture after another. */
export class Seat {
  readonly #options: SeatOptions
  #worker: WorkerProcess | undefined
  #isReady = false
  readonly #tasks = new Set<PictureTask>()

  constructor(options: SeatOptions) {
    this.#options = options
  }

  /** Its worker; `undefined` between two. */
  get worker(): WorkerState | undefined {
    if (!this.#worker) return undefined
    const { pid, rssBytes } = this.#worker
    if (!this.#isReady) return { pid, state: 'starting', rssBytes }
    return { pid, state: this.#tasks.size > 0 ? 'busy' : 'idle', rssBytes }
  }

  /** Gives up what its worker is doing, for the reason given, and ends it. */
  stop(reason: unknown): void {
    for (const task of this.#tasks) task.abandon(reason)
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
    this.#isReady = false
    const late = setTimeout(() => worker.kill(), this.#options.startTimeoutMs)
    const identity = await worker.ready
    clearTimeout(late)
    this.#isReady = identity !== undefined
    if (identity) this.#options.listener.started(worker.pid, identity)
    const served: Served = identity ? await this.#serve(worker) : { pictures: 0, reason: 'crashed' }
    const exit = await worker.ended
    this.#worker = undefined
    if (served.reason) this.#options.listener.replaced(worker.pid, served.reason, exit)
    return served.reason && served.pictures === 0 ? exit : undefined
  }

  /** Keeps one picture in work and the next at the door: its bytes are there when the worker is free. */
  async #serve(worker: WorkerProcess): Promise<Served> {
    const served: Served = { pictures: 0 }
    const running = new Set<Promise<void>>()
    while (served.reason === undefined) {
      const task = await this.#next(worker, running)
      if (task === 'one-done') continue
      if (task) {
        const run = this.#perform(worker, task, served).finally(() => running.delete(run))
        running.add(run)
      } else if (worker.gone.aborted) {
        // Unless the picture that it had has told more.
        served.reason ??= 'crashed'
      } else {
        await worker.dismiss()
        return served
      }
    }
    await Promise.all(running)
    return served
  }

  /**
   * The next picture for this worker; `one-done` when one that it has is done before there is another. `undefined`: it
   * has none, and there is nothing more to come.
   */
  async #next(
    worker: WorkerProcess,
    running: ReadonlySet<Promise<void>>,
  ): Promise<PictureTask | 'one-done' | undefined> {
    const { queue } = this.#options
    if (running.size === 0) return queue.take(worker.gone)
    const begun = [...running]
    if (begun.length <= PICTURES_AHEAD) {
      const changed = new AbortController()
      const timer = setTimeout(() => changed.abort(CHANGED), SOON_DONE_MS)
      const taken = queue.take(AbortSignal.any([worker.gone, changed.signal]), 'ahead')
      await Promise.race([taken, ...begun])
      clearTimeout(timer)
      // What has been handed over in the same moment is not lost by this.
      changed.abort(CHANGED)
      const task = await taken
      if (task) return task
    }
    await Promise.race(begun)
    return 'one-done'
  }

  /** Has one picture done, and notes why the worker must be replaced after it, if it must. */
  async #perform(worker: WorkerProcess, task: PictureTask, served: Served): Promise<void> {
    this.#tasks.add(task)
    const { pictureTimeoutMs: timeoutMs, workerLimitBytes, queue, maxWorkerRssBytes } = this.#options
    const bounds = { timeoutMs, maxRssBytes: workerLimitBytes }
    const outcome = await worker.perform(task.job, { ...bounds, onBegin: () => task.begin() })
    this.#tasks.delete(task)
    if (task.settle(outcome)) queue.pushFirst(task)
    if (outcome.kind === 'lost') {
      if (outcome.reason === 'unbegun') return
      served.pictures += 1
      served.reason ??= outcome.reason
      return
    }
    served.pictures += 1
    if (worker.rssBytes <= maxWorkerRssBytes || served.reason !== undefined) return
    served.reason = 'recycled'
    await worker.dismiss()
  }

  /** After a worker that was of no use: the next one waits, longer every time. */
  async #backOff(exit: WorkerExit, failures: number): Promise<void> {
    this.#options.listener.failed(exit, failures)
    const delayMs = Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.longest)
    // Closing cuts the wait short; that is all that the rejection says.
    await sleep(delayMs, undefined, { signal: this.#options.closing }).catch(() => undefined)
  }
}
