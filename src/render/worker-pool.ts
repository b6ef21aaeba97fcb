import { setMaxListeners } from 'node:events'
import { GatewayError } from '../errors.ts'
import type { Answer, Job, PictureLimits } from '../pixels/messages.ts'
import type { RenderingSettings } from '../transform/rendering-settings.ts'
import type { EditedSize, TransformSpec } from '../transform/spec.ts'
import { createDeferred } from './deferred.ts'
import { PictureTask, type TimedAnswer } from './picture-task.ts'
import type {
  Drawing,
  PictureDescription,
  PictureFacts,
  PictureMeasurement,
  Renderer,
  Rendering,
  RenderingOptions,
  WorkerIdentity,
} from './renderer.ts'
import { type RestartReason, Seat, type SeatListener, type WorkerState } from './seat.ts'
import { TaskQueue } from './task-queue.ts'
import { toDrawing, toRendering } from './to-rendering.ts'
import { workerEnvironment } from './worker-environment.ts'
import { WORKER_NICENESS, type WorkerExit } from './worker-process.ts'

/** What a pool needs to know. */
export interface WorkerPoolOptions {
  /** The compiled entry of a worker. */
  readonly workerFile: string
  readonly workers: number
  /** Where the few variables come from that workers may see. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly limits: PictureLimits
  readonly settings: RenderingSettings
  /** A worker that takes longer for one picture is killed. 10 seconds unless given. */
  readonly pictureTimeoutMs?: number
  /** A worker that holds more resident memory after a picture is replaced. 512 MiB unless given. */
  readonly maxWorkerRssBytes?: number
  /** A worker that holds more while it has a picture is killed. 3 GiB unless given; Linux only. */
  readonly workerLimitBytes?: number
  /** A worker that is not ready by then is killed. 15 seconds unless given. */
  readonly startTimeoutMs?: number
  /** Arguments of Node for the workers. None unless given. */
  readonly execArgv?: readonly string[]
  /** By how much the workers' priority is lower than that of the gateway, from 0 to 19. 15 unless given. */
  readonly niceness?: number
  readonly onEvent?: (event: PoolEvent) => void
}

/** What happens to workers, for logs and metrics. */
export type PoolEvent = { readonly pid: number | undefined } & (
  | { readonly type: 'started'; readonly identity: WorkerIdentity }
  | { readonly type: 'replaced'; readonly reason: RestartReason; readonly exit: WorkerExit }
  | { readonly type: 'wrote'; readonly line: string }
)

/** The state of a pool at one moment. */
export interface PoolStats {
  readonly workers: readonly WorkerState[]
  readonly busy: number
  readonly waiting: number
  readonly restarts: Readonly<Record<RestartReason, number>>
}

const DEFAULTS = {
  pictureTimeoutMs: 10_000,
  maxWorkerRssBytes: 512 * 1024 * 1024,
  workerLimitBytes: 3 * 1024 * 1024 * 1024,
  startTimeoutMs: 15_000,
  execArgv: [],
  niceness: WORKER_NICENESS,
} satisfies Partial<WorkerPoolOptions>

/** So many workers in a row that end before they are of use, and the pool says that it cannot start. */
const FAILED_STARTS = 3

/** Renders in child processes. A picture that crashes, hangs or bloats its worker costs that worker alone. */
export class WorkerPool implements Renderer {
  readonly #options: WorkerPoolOptions & Required<Pick<WorkerPoolOptions, keyof typeof DEFAULTS>>
  readonly #queue = new TaskQueue<PictureTask>()
  readonly #identity = createDeferred<WorkerIdentity>()
  readonly #restarts = { crashed: 0, overran: 0, outgrew: 0, recycled: 0 }
  readonly #closing = new AbortController()
  readonly #seats: readonly Seat[]
  /** The seats at work; settled when all have ended. */
  readonly #work: Promise<unknown>

  constructor(options: WorkerPoolOptions) {
    // Every seat may listen: that many is no leak.
    setMaxListeners(0, this.#closing.signal)
    this.#options = { ...DEFAULTS, ...options }
    // Whoever asks gets the failure; that nobody asked is no reason to end the process.
    this.#identity.promise.catch(() => undefined)
    this.#seats = Array.from({ length: options.workers }, () => this.#createSeat())
    this.#work = Promise.all(this.#seats.map((seat) => seat.keep()))
  }

  /** What the first worker says of itself; rejects when workers end again and again before they are of use. */
  ready(): Promise<WorkerIdentity> {
    return this.#identity.promise
  }

  async render(source: Uint8Array, spec: TransformSpec, options: RenderingOptions = {}): Promise<Rendering> {
    const { limits, settings } = this.#options
    const { signal, ...rest } = options
    const job = { kind: 'render', source, spec, ...rest, limits, settings } as const
    const { answer, queueMs } = await this.#request(job, signal)
    if (answer.kind !== 'rendered') throw toError(answer)
    return toRendering(answer.picture, queueMs)
  }

  async draw(source: Uint8Array, signal?: AbortSignal): Promise<Drawing> {
    const { limits } = this.#options
    const { answer, queueMs } = await this.#request({ kind: 'draw', source, limits }, signal)
    if (answer.kind !== 'drawn') throw toError(answer)
    return toDrawing(answer.drawing, queueMs)
  }

  async measure(source: Uint8Array, size: EditedSize, signal?: AbortSignal): Promise<PictureMeasurement> {
    const { limits } = this.#options
    const { answer, queueMs } = await this.#request({ kind: 'measure', source, size, limits }, signal)
    if (answer.kind !== 'measured') throw toError(answer)
    const { decodeMs, ...measurement } = answer.measurement
    return { ...measurement, timings: { queueMs, decodeMs, encodeMs: 0 } }
  }

  async inspect(source: Uint8Array, signal?: AbortSignal): Promise<PictureFacts> {
    const { limits } = this.#options
    const { answer } = await this.#request({ kind: 'inspect', source, limits }, signal)
    if (answer.kind !== 'inspected') throw toError(answer)
    return answer.facts
  }

  describe(source: Uint8Array, signal?: AbortSignal): Promise<PictureDescription> {
    return this.#describe('describe', source, signal)
  }

  examine(source: Uint8Array, signal?: AbortSignal): Promise<PictureDescription> {
    return this.#describe('examine', source, signal)
  }

  async #describe(
    kind: 'describe' | 'examine',
    source: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<PictureDescription> {
    const { limits, settings } = this.#options
    const { answer, queueMs } = await this.#request({ kind, source, limits, settings }, signal)
    if (answer.kind !== 'described') throw toError(answer)
    const { decodeMs, encodeMs, ...description } = answer.description
    return { ...description, timings: { queueMs, decodeMs, encodeMs } }
  }

  stats(): PoolStats {
    const workers = this.#seats.flatMap(({ worker }) => worker ?? [])
    const busy = workers.filter(({ state }) => state === 'busy').length
    return { workers, busy, waiting: this.#queue.size, restarts: { ...this.#restarts } }
  }

  /** Finishes what has been asked for, at most for `graceMs`, and ends the workers. Later requests are refused. */
  async close(graceMs: number = this.#options.pictureTimeoutMs): Promise<void> {
    this.#closing.abort()
    this.#queue.close()
    const timer = setTimeout(() => this.#stop(), graceMs)
    await this.#work
    clearTimeout(timer)
    this.#stop()
  }

  #createSeat(): Seat {
    const { workerFile, environment, execArgv, niceness, onEvent, ...limits } = this.#options
    return new Seat({
      ...limits,
      launch: {
        workerFile,
        execArgv,
        niceness,
        environment: workerEnvironment(environment),
        onLine: (line, pid) => onEvent?.({ type: 'wrote', pid, line }),
      },
      queue: this.#queue,
      closing: this.#closing.signal,
      listener: this.#listener(onEvent),
    })
  }

  #listener(onEvent: WorkerPoolOptions['onEvent']): SeatListener {
    return {
      started: (pid, identity) => {
        this.#identity.resolve(identity)
        onEvent?.({ type: 'started', pid, identity })
      },
      replaced: (pid, reason, exit) => {
        this.#restarts[reason] += 1
        onEvent?.({ type: 'replaced', pid, reason, exit })
      },
      failed: (exit, failures) => {
        if (failures >= FAILED_STARTS) this.#identity.reject(cannotStart(exit))
      },
    }
  }

  async #request(job: Job, signal?: AbortSignal): Promise<TimedAnswer> {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) throw draining()
    const task = new PictureTask(job)
    // A task that no worker has yet is dropped; one that a worker has is finished for nobody.
    const abandon = (): void => {
      this.#queue.remove(task)
      task.abandon(signal?.reason)
    }
    signal?.addEventListener('abort', abandon, { once: true })
    this.#queue.push(task)
    try {
      return await task.done
    } finally {
      signal?.removeEventListener('abort', abandon)
    }
  }

  /** Gives up what is still asked for and kills the workers that are left. */
  #stop(): void {
    for (const task of this.#queue.drain()) task.abandon(draining())
    for (const seat of this.#seats) seat.stop(draining())
    this.#identity.reject(draining())
  }
}

function toError(answer: Answer): Error {
  if (answer.kind === 'refused') return new GatewayError(answer.code, answer.message)
  const what = answer.kind === 'failed' ? answer.message : `answered with ${answer.kind}`
  return new Error(`A render worker failed: ${what}`)
}

function draining(): GatewayError {
  return new GatewayError('draining', 'The gateway is shutting down')
}

function cannotStart({ code, signal, lastWords }: WorkerExit): Error {
  const how = signal ? `by ${signal}` : `with exit code ${code}`
  return new Error(`Render workers cannot start: the last one ended ${how}\n${lastWords}`.trimEnd())
}
