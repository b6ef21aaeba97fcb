import { PURGES, purgeIdOf } from '../cdn/forget.ts'
import type { Clock } from '../leases/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { PurgeStatus } from './purging.ts'
import { BATCHES, type Batch, DUE, parseBatch } from './queue.ts'

/** What the queue to the edge holds at this moment, as the bucket says: for whoever is not its sender. */
export async function readPurgeStatus({
  store,
  clock,
}: {
  readonly store: Pick<ObjectStore, 'get' | 'list'>
  readonly clock: Pick<Clock, 'now'>
}): Promise<PurgeStatus> {
  const now = clock.now()
  const counts = { waiting: 0, sent: 0 }
  let oldest = now
  const keys: string[] = []
  for await (const { key, lastModified } of store.list(PURGES)) {
    if (key.startsWith(BATCHES)) keys.push(key)
    // Announced, or handed over: neither is sent.
    if (!key.startsWith(DUE) && purgeIdOf(key) === undefined) continue
    counts.waiting += 1
    oldest = Math.min(oldest, lastModified.getTime())
  }
  let refusal: Batch['refusal']
  for (const key of keys) {
    const batch = await readBatch(store, key)
    // Finished meanwhile.
    if (batch === undefined) continue
    counts[batch.phase] += batch.purges
    if (batch.phase === 'waiting') oldest = Math.min(oldest, Date.parse(batch.oldestAt))
    if (batch.refusal && batch.refusal.at > (refusal?.at ?? '')) refusal = batch.refusal
  }
  return { ...counts, oldestMs: now - oldest, ...(refusal && { refusal }) }
}

async function readBatch(store: Pick<ObjectStore, 'get'>, key: string): Promise<Batch | undefined> {
  const read = await store.get(key)
  return read.outcome === 'found' ? parseBatch(read.object) : undefined
}
