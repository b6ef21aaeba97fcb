import type { PoolEvent } from '../render/worker-pool.ts'
import type { StoreObserver } from '../storage/observed-store.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** Counts and times every bucket call. */
export function recordBucketCalls(metrics: Metrics): StoreObserver {
  return ({ verb, outcome, seconds }) => {
    metrics.bucketCalls.inc({ verb, outcome })
    metrics.bucketSeconds.observe({ verb }, seconds)
  }
}

/** Logs what happens to render workers, and counts those that were replaced. */
export function recordPoolEvents(log: Logger, metrics: Metrics): (event: PoolEvent) => void {
  return (event) => {
    if (event.type === 'replaced') {
      metrics.workerRestarts.inc({ reason: event.reason })
      log.warn(event, 'render worker replaced')
    } else if (event.type === 'wrote') {
      log.warn(event, 'render worker wrote')
    } else {
      log.info({ pid: event.pid }, 'render worker started')
    }
  }
}
