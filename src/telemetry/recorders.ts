import type { SideTurn } from '../circuit/health.ts'
import type { Attempt } from '../events/deliver-object.ts'
import type { EdgeCall } from '../purging/dispatch.ts'
import type { PoolEvent } from '../render/worker-pool.ts'
import type { StoreObserver } from '../storage/observed-store.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What an invalidation costs, beyond the first thousand items of a month. */
const DOLLARS_PER_ITEM = 0.005

/** Counts and times every bucket call. */
export function recordBucketCalls(metrics: Metrics): StoreObserver {
  return ({ verb, outcome, seconds }) => {
    metrics.bucketCalls.inc({ verb, outcome })
    metrics.bucketSeconds.observe({ verb }, seconds)
  }
}

/** Logs when the bucket is no longer asked, and when it answers again. */
export function recordTurns(log: Logger): (turn: SideTurn) => void {
  return (turn) => {
    const { side } = turn
    if (turn.to === 'open') log.warn({ side }, 'the bucket does not answer: circuit open')
    else log.info({ side, afterMs: Math.round(turn.afterMs) }, 'the bucket answers again: circuit closed')
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

/** Counts deliveries of events, and logs those that failed. */
export function recordEvents(log: Logger, metrics: Metrics): (attempt: Attempt) => void {
  return ({ outcome, event: { id, type, object }, failures, reason }) => {
    metrics.events.inc({ outcome })
    const line = { event: id, type, object, failures, reason }
    if (outcome === 'dead') log.error(line, 'event given up')
    else if (outcome === 'failed') log.warn(line, 'event not delivered')
    else log.debug(line, 'event delivered')
  }
}

/** Counts what the edge is told, and logs it. */
export function recordEdgeCalls(log: Logger, metrics: Metrics): (call: EdgeCall) => void {
  return ({ outcome, isLast, cost: { items, wildcards }, purges, id, message }) => {
    metrics.purgeCalls.inc({ outcome })
    const line = { items, wildcards, purges, isLast }
    if (outcome !== 'taken') return log.warn({ ...line, outcome, reason: message }, 'edge not purged')
    metrics.purgeItems.inc({ kind: 'wildcard' }, wildcards)
    metrics.purgeItems.inc({ kind: 'single' }, items - wildcards)
    metrics.purgeDollars.inc(items * DOLLARS_PER_ITEM)
    log.info({ ...line, invalidation: id }, 'edge purged')
  }
}

/** Counts items that the edge will not take, and logs them as what somebody has to look at. */
export function recordSetAside(
  log: Logger,
  metrics: Metrics,
): (items: readonly string[], err: Error) => void {
  return (items, err) => {
    metrics.purgesSetAside.inc(items.length)
    log.error({ items, err }, 'edge will not take an item: set aside')
  }
}
