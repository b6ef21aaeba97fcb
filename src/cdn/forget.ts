import { randomUUID } from 'node:crypto'
import { appendToJournal, type JournalEntry } from '../sources/journal.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { VARIANT_TREES, variantsBelow } from '../urls/variant-key.ts'

export interface Forgotten {
  /** Variants removed from the bucket. */
  readonly variants: number
  readonly entry: JournalEntry
}

/**
 * Makes every cache of ours forget the variants of source paths and of everything below them (design §4, "Change and
 * forget"): the intent first, then `commit` (the change itself, where there is one), then the variants in the bucket,
 * then the journal, which all replicas read. A crash in between leaves the intent behind, for whoever sweeps.
 */
export async function forget(
  store: ObjectStore,
  paths: readonly string[],
  commit: () => Promise<void> = async () => {},
): Promise<Forgotten> {
  const id = randomUUID()
  const intent = `system/purges/${id}.json`
  const body = Buffer.from(JSON.stringify({ id, paths, at: new Date().toISOString() }))
  await store.put(intent, body, {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ifNoneMatch: '*',
  })
  await commit()
  let variants = 0
  for (const path of paths) {
    // Both: access may have been another when they were made.
    for (const tree of VARIANT_TREES) variants += await deleteBelow(store, variantsBelow(path, tree))
  }
  const entry = await appendToJournal(store, paths)
  await store.delete([intent])
  return { variants, entry }
}

async function deleteBelow(store: ObjectStore, prefix: string): Promise<number> {
  let deleted = 0
  let batch: string[] = []
  const flush = async () => {
    if (batch.length > 0) await store.delete(batch)
    deleted += batch.length
    batch = []
  }
  for await (const { key } of store.list(prefix)) {
    batch.push(key)
    if (batch.length === 1000) await flush()
  }
  await flush()
  return deleted
}
