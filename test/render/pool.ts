import { onTestFinished } from 'vitest'
import { type PoolEvent, WorkerPool, type WorkerPoolOptions } from '../../src/render/worker-pool.ts'
import { DEFAULT_RENDERING } from '../../src/transform/rendering-settings.ts'
import { LIMITS } from '../pixels/limits.ts'

/** The worker as it is shipped. */
export const WORKER_FILE = new URL('../../dist/src/pixels/worker.js', import.meta.url).pathname

/** A pool of one worker, for all tests of a file: whoever makes it closes it. */
export function createTestPool(): WorkerPool {
  const environment = {}
  return new WorkerPool({
    workerFile: WORKER_FILE,
    workers: 1,
    niceness: 5,
    environment,
    limits: LIMITS,
    settings: DEFAULT_RENDERING,
  })
}

/** A pool with its events, ended with the test. */
export function startPool(options: Partial<WorkerPoolOptions> = {}): {
  pool: WorkerPool
  events: readonly PoolEvent[]
} {
  const events: PoolEvent[] = []
  const pool = new WorkerPool({
    workerFile: WORKER_FILE,
    workers: 1,
    niceness: 5,
    environment: {},
    limits: LIMITS,
    settings: DEFAULT_RENDERING,
    pictureTimeoutMs: 20_000,
    onEvent: (event) => events.push(event),
    ...options,
  })
  onTestFinished(() => pool.close(0))
  return { pool, events }
}
