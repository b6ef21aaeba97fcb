import type { ObjectStore } from '../storage/object-store.ts'
import { inOrder } from './backlog.ts'
import {
  DEAD_PREFIX,
  type EventName,
  formatEntry,
  type OutboxEntry,
  PENDING_PREFIX,
  parseEntry,
  parseName,
} from './outbox-entry.ts'

/** An event that waits, or was given up. */
export interface OutboxItem {
  readonly place: 'pending' | 'dead'
  readonly entry: OutboxEntry
}

const PREFIXES = { pending: PENDING_PREFIX, dead: DEAD_PREFIX } as const

/** The events of a place, by object. `record_invalid` for one that cannot be understood. */
export async function* listOutbox(
  store: Pick<ObjectStore, 'get' | 'list'>,
  place: OutboxItem['place'],
): AsyncGenerator<OutboxItem> {
  for await (const { key } of store.list(PREFIXES[place])) {
    const read = await store.get(key)
    if (read.outcome === 'found') yield { place, entry: parseEntry(read.object) }
  }
}

/** Lets events that were given up wait again, as if they had never failed; returns the ids of those there were. */
export async function retryDead(store: ObjectStore, ids: ReadonlySet<string> | 'all'): Promise<string[]> {
  return forDead(store, ids, async ({ name }) => {
    const read = await store.get(DEAD_PREFIX + name)
    if (read.outcome !== 'found') return
    const { state, event } = parseEntry(read.object)
    await store.put(PENDING_PREFIX + name, formatEntry({ state, event, attempts: 0 }), {
      contentType: 'application/json',
      cacheControl: 'no-store',
    })
    await store.delete([DEAD_PREFIX + name])
  })
}

/** Removes events that were given up; returns the ids of those there were. */
export async function dropDead(store: ObjectStore, ids: ReadonlySet<string> | 'all'): Promise<string[]> {
  return forDead(store, ids, async ({ name }) => store.delete([DEAD_PREFIX + name]))
}

async function forDead(
  store: ObjectStore,
  ids: ReadonlySet<string> | 'all',
  act: (name: EventName) => Promise<void>,
): Promise<string[]> {
  const names: EventName[] = []
  for await (const { key } of store.list(DEAD_PREFIX)) {
    const name = parseName(key.slice(DEAD_PREFIX.length))
    if (name !== undefined && (ids === 'all' || ids.has(name.id))) names.push(name)
  }
  const chosen = inOrder(names)
  for (const name of chosen) await act(name)
  return chosen.map(({ id }) => id)
}
