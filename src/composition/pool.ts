import { fileURLToPath } from 'node:url'
import { type Config, renderingOf } from '../config.ts'
import type { Admission } from '../admission/admission.ts'
import { cpuCount } from '../render/cpu-quota.ts'
import { Gate } from '../sources/gate.ts'
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
    limits: {
      maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
      maxPixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxFramePixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxOutputSide: config.HALFTONE_MAX_SIDE,
    },
    settings: renderingOf(config),
    pictureTimeoutMs: config.HALFTONE_RENDER_TIMEOUT_MS,
    maxWorkerRssBytes: config.HALFTONE_WORKER_MAX_MB,
    ...(onEvent !== undefined && { onEvent }),
  })
}

/** A look-up takes about a millisecond: beyond this, hits would wait for too many of them. */
const LOOP = { limit: 0.6, windowMs: 50 } as const

/** Lets so many look for pictures at once; fewer while what is not there will hardly be rendered. */
export function createLookUpGate(config: Config, admission: Pick<Admission, 'isCongested'>): Gate {
  return new Gate({
    slots: config.HALFTONE_LOOKUP_CONCURRENCY,
    maxQueued: config.HALFTONE_LOOKUP_QUEUE_LENGTH,
    isPressed: () => admission.isCongested,
    isBusy: createIsLoopBusy(LOOP),
  })
}

/** One worker for each CPU that the cgroup allows, unless a number is set. */
export function workerCount({ HALFTONE_WORKERS: set }: Config): number {
  return set === 0 ? cpuCount() : set
}
