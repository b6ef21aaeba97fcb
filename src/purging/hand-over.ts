import { purgeKey } from '../cdn/forget.ts'
import type { Clock } from '../leases/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { EdgePurges } from './purging.ts'
import { askedKey, type Due, dueKey, JSON_OBJECT, toBytes } from './queue.ts'

export interface HandOverOptions {
  readonly store: Pick<ObjectStore, 'put' | 'delete'>
  readonly clock: Pick<Clock, 'now'>
  /** Called when a purge is in the queue, so that a sender in this process need not look for it. */
  readonly onHandedOver?: ((due: Due) => void) | undefined
}

/** The queue's beginning: whoever has made a change puts its purge here, in place of the announcement. */
export function createEdgePurges({ store, clock, onHandedOver }: HandOverOptions): EdgePurges {
  return {
    async handOver({ id, paths, edge, asked }) {
      const at = new Date(clock.now()).toISOString()
      const due: Due = { id, paths: [...paths], committedAt: at }
      if (edge !== undefined) due.edge = [...edge]
      if (asked !== undefined) due.asked = asked
      // What is there already was handed over before, by somebody who did not live to delete the announcement.
      const create = { ...JSON_OBJECT, ifNoneMatch: '*' } as const
      if (asked)
        await store.put(askedKey(id), toBytes({ id, phase: 'waiting', invalidations: [], at }), create)
      await store.put(dueKey(id), toBytes(due), create)
      await store.delete([purgeKey(id)])
      onHandedOver?.(due)
    },
  }
}
