import type { ObjectStore } from '../storage/object-store.ts'

const BATCH = 1000

/** Deletes everything whose key begins with `prefix`, but what `stays`; says how many objects that were. */
export async function deleteBelow(
  store: Pick<ObjectStore, 'delete' | 'list'>,
  prefix: string,
  stays: (key: string) => boolean = () => false,
): Promise<number> {
  let deleted = 0
  let batch: string[] = []
  const flush = async () => {
    if (batch.length > 0) await store.delete(batch)
    deleted += batch.length
    batch = []
  }
  for await (const { key } of store.list(prefix)) {
    if (!stays(key)) batch.push(key)
    if (batch.length === BATCH) await flush()
  }
  await flush()
  return deleted
}
