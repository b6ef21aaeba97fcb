import { fileURLToPath } from 'node:url'
import { Admission, type Refusal } from '../admission/admission.ts'
import { FairBudget } from '../admission/fair-budget.ts'
import { createPictureCosts, type PictureCosts } from '../admission/picture-cost.ts'
import { type Config, renderingOf } from '../config.ts'
import { cpuCount } from '../machine/cpu-quota.ts'
import { memoryBytes } from '../machine/memory-quota.ts'
import { Gate, type Passing } from '../sources/gate.ts'
import { createIsLoopBusy } from '../telemetry/loop-load.ts'
import { type PoolEvent, WorkerPool } from '../render/worker-pool.ts'

/** The compiled entry of the render workers. */
const WORKER_FILE = fileURLToPath(new URL('../pixels/worker.js', import.meta.url))

export interface PoolOptions {
  readonly workerFile?: string | undefined
  readonly onEvent?: (event: PoolEvent) => void
}

/** The render workers that the configuration asks for. */
export function createPool(config: Config, options: PoolOptions = {}): WorkerPool {
  const { workerFile = WORKER_FILE, onEvent } = options
  return new WorkerPool({
    workerFile,
    workers: workerCount(config),
    environment: config.environment,
    niceness: config.HALFTONE_WORKER_NICENESS,
    limits: {
      maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
      maxPixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxFramePixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxOutputSide: config.HALFTONE_MAX_SIDE,
    },
    settings: renderingOf(config),
    pictureTimeoutMs: config.HALFTONE_RENDER_TIMEOUT_MS,
    maxWorkerRssBytes: config.HALFTONE_WORKER_MAX_MB,
    // Whoever lets workers keep more lets pictures take it.
    workerLimitBytes: Math.max(config.HALFTONE_WORKER_LIMIT_MB, config.HALFTONE_WORKER_MAX_MB),
    ...(onEvent !== undefined && { onEvent }),
  })
}

/** A look-up takes about a millisecond: beyond this, hits would wait for too many of them. */
const LOOP = { limit: 0.3, windowMs: 50 } as const

/** What turns are shared out by before it is known which source is meant. */
function ownersOf({ dialect, client }: NonNullable<Passing['requester']> = { dialect: 'native' }) {
  return { dialect, ...(client !== undefined && { client }) }
}

/** Lets so many look for pictures at once; fewer while what is not there will hardly be rendered. */
export function createLookUpGate(
  config: Config,
  admission: Pick<Admission, 'isCongested' | 'isOpenTo'>,
  isBusy = createIsLoopBusy(LOOP),
): Gate {
  return new Gate({
    slots: config.HALFTONE_LOOKUP_CONCURRENCY,
    maxQueued: config.HALFTONE_LOOKUP_QUEUE_LENGTH,
    isPressed: (requester) => admission.isCongested && !admission.isOpenTo(ownersOf(requester)),
    isBusy,
  })
}

/** One worker for each CPU that the cgroup allows, unless a number is set. */
export function workerCount({ HALFTONE_WORKERS: set }: Config): number {
  return set === 0 ? cpuCount() : set
}

/** Sources that are fetched or wait fetched at once: enough that no worker waits for one, however far the bucket is. */
export function fetchesAtOnce(config: Config): number {
  return 4 * workerCount(config) + 8
}

/** What whoever wants a picture made has to pass. */
export interface Gates {
  readonly admission: Admission
  /** Bytes of sources in memory. */
  readonly fetching: FairBudget
  /** Bytes of memory in workers, as estimated. */
  readonly working: FairBudget
  readonly costs: PictureCosts
}

/** The gates before the workers, as wide as the configuration has them. */
export function createGates(config: Config, onRefusal: (reason: Refusal) => void): Gates {
  const maxWaitMs = config.HALFTONE_QUEUE_WAIT_MS
  const budget = (capacity: number) =>
    new FairBudget({ capacity, maxWaitMs, onTimeout: () => onRefusal('waited') })
  return {
    admission: new Admission({
      // One picture in work and one at the door of each worker.
      slots: 2 * workerCount(config),
      maxQueued: config.HALFTONE_QUEUE_LENGTH,
      maxWaitMs,
      // All clients of a site ask in the same one or two.
      broadKinds: ['dialect'],
      onRefusal,
    }),
    fetching: budget(config.HALFTONE_FETCH_MB),
    working: budget(workingBytes(config)),
    costs: createPictureCosts(config.HALFTONE_MAX_MEGAPIXELS),
  }
}

/** Half of what this machine or its container has, unless a number is set: the rest is for the gateway itself. */
export function workingBytes({ HALFTONE_RENDER_MEMORY_MB: set }: Config): number {
  return set === 0 ? Math.floor(memoryBytes() / 2) : set
}
