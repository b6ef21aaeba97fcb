import { randomUUID } from 'node:crypto'
import { purgeKey } from '../cdn/forget.ts'
import type { Clock } from '../leases/clock.ts'
import { putSettled } from '../leases/put-settled.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { EdgePurges } from './purging.ts'
import { askedKey, type Due, dueKey, JSON_OBJECT, toBytes } from './queue.ts'

export interface HandOverOptions {
  readonly store: Pick<ObjectStore, 'get' | 'put' | 'delete'>
  readonly clock: Pick<Clock, 'now'>
  /** Called when a purge is in the queue, so that a sender in this process need not look for it. */
  readonly onHandedOver?: ((due: Due) => void) | undefined
}

/** The queue's beginning: whoever has made a change puts its purge here, in place of the announcement. */
export function createEdgePurges({ store, clock, onHandedOver }: HandOverOptions): EdgePurges {
  const create = { ...JSON_OBJECT, ifNoneMatch: '*' } as const

  return {
    async handOver({ id, paths, edge, asked }) {
      const at = new Date(clock.now()).toISOString()
      const due: Due = { id, paths: [...paths], committedAt: at }
      if (edge !== undefined) due.edge = [...edge]
      if (asked !== undefined) due.asked = asked
      if (asked)
        await store.put(askedKey(id), toBytes({ id, phase: 'waiting', invalidations: [], at }), create)
      const put = await putSettled(store, dueKey(id), toBytes(due), create)
      if (put.outcome === 'stored') onHandedOver?.(due)
      else await again(due)
      await store.delete([purgeKey(id)])
    },
  }

  /**
   * Somebody else has handed it over, who took the change for made or given up: it may have been made since, and what
   * is there already may go before its time is over.
   */
  async function again({ asked: _asked, ...due }: Due): Promise<void> {
    const another = { ...due, id: `${due.id}-${randomUUID()}` }
    await store.put(dueKey(another.id), toBytes(another), create)
    onHandedOver?.(another)
  }
}
