import type { Clock } from '../leases/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { PurgeStatus } from './purging.ts'
import { BATCHES, DUE, parseBatch } from './queue.ts'

/** What the queue says of itself, whichever replica sends: two listings, and a read of each batch. */
export async function readPurgeStatus(
  store: Pick<ObjectStore, 'get' | 'list'>,
  clock: Pick<Clock, 'now'>,
): Promise<PurgeStatus> {
  let [waiting, sent, oldestAt] = [0, 0, clock.now()]
  let refusal: PurgeStatus['refusal']
  for await (const { lastModified } of store.list(DUE)) {
    waiting += 1
    oldestAt = Math.min(oldestAt, lastModified.getTime())
  }
  for await (const { key } of store.list(BATCHES)) {
    const read = await store.get(key)
    const batch = read.outcome === 'found' ? parseBatch(read.object) : undefined
    if (batch === undefined) continue
    refusal = batch.refusal ?? refusal
    if (batch.phase === 'sent') sent += batch.purges
    else {
      waiting += batch.purges
      oldestAt = Math.min(oldestAt, Date.parse(batch.oldestAt))
    }
  }
  return { waiting, sent, oldestMs: Math.max(0, clock.now() - oldestAt), refusal }
}
