import { randomUUID } from 'node:crypto'
import type { MediaEvent } from '../../src/events/media-event.ts'
import { DEAD_PREFIX, PENDING_PREFIX } from '../../src/events/outbox-entry.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

/** An event of an item, in the order of their making. */
export function eventOf(object: string, revision?: number, more: Partial<MediaEvent> = {}): MediaEvent {
  return {
    id: randomUUID(),
    type: 'media.created',
    object,
    revision,
    at: new Date().toISOString(),
    by: 'tests',
    detail: {},
    ...more,
  }
}

export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

export const pendingKeys = async (store: ObjectStore) => keysBelow(store, PENDING_PREFIX)
export const deadKeys = async (store: ObjectStore) => keysBelow(store, DEAD_PREFIX)

/** An item's record that knows these changes. */
export async function putRecord(
  store: ObjectStore,
  key: string,
  revision: number,
  changes: readonly { revision: number; id: string }[],
): Promise<void> {
  await store.put(key, Buffer.from(JSON.stringify({ revision, changes })), {
    contentType: 'application/json',
  })
}
