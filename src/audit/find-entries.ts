import { z } from 'zod'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AuditEntry } from './audit.ts'
import { AUDIT_PREFIX, formatKeyTime, parseBatch, type TrailEntry } from './trail-entry.ts'

export interface AuditQuery {
  /** The id of a principal. */
  readonly user?: string | undefined
  /** What the object begins with. */
  readonly object?: string | undefined
  readonly action?: AuditEntry['action'] | undefined
  /** Milliseconds since 1970, inclusive. */
  readonly fromMs?: number | undefined
  /** Exclusive. */
  readonly toMs?: number | undefined
}

export interface FindOptions {
  readonly store: Pick<ObjectStore, 'get' | 'list'>
  /** Called with a batch that cannot be understood; the others are read all the same. */
  readonly onFault: (key: string, error: unknown) => void
}

/** Batches that are read at once. */
const CONCURRENCY = 16
/** A batch is named by the time of its writing; an entry has waited for it no longer than this. */
const LONGEST_WAIT_MS = 5 * 60_000

/** The entries of a trail that a query asks for, in the order of their batches; reads no batch outside its time. */
export async function* findEntries(
  { store, onFault }: FindOptions,
  query: AuditQuery,
): AsyncGenerator<TrailEntry> {
  for await (const keys of pagesOf(keysBetween(store, query))) {
    const batches = await Promise.all(keys.map(async (key) => readBatch(store, key, onFault)))
    yield* batches.flat().filter((entry) => isWanted(entry, query))
  }
}

async function* keysBetween(
  store: Pick<ObjectStore, 'list'>,
  { fromMs, toMs }: AuditQuery,
): AsyncGenerator<string> {
  const after = fromMs === undefined ? undefined : AUDIT_PREFIX + formatKeyTime(fromMs)
  const end = toMs === undefined ? undefined : AUDIT_PREFIX + formatKeyTime(toMs + LONGEST_WAIT_MS)
  for await (const { key } of store.list(AUDIT_PREFIX, { after })) {
    if (end !== undefined && key > end) return
    yield key
  }
}

async function* pagesOf(keys: AsyncIterable<string>): AsyncGenerator<string[]> {
  let page: string[] = []
  for await (const key of keys) {
    page.push(key)
    if (page.length < CONCURRENCY) continue
    yield page
    page = []
  }
  yield page
}

async function readBatch(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  onFault: FindOptions['onFault'],
): Promise<TrailEntry[]> {
  const read = await store.get(key)
  if (read.outcome !== 'found') return []
  try {
    return parseBatch(read.object.body)
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    onFault(key, error)
    return []
  }
}

function isWanted(entry: TrailEntry, { user, object, action, fromMs, toMs }: AuditQuery): boolean {
  const atMs = Date.parse(entry.at)
  return (
    (user === undefined || entry.principal === user) &&
    (object === undefined || entry.object.startsWith(object)) &&
    (action === undefined || entry.action === action) &&
    (fromMs === undefined || atMs >= fromMs) &&
    (toMs === undefined || atMs < toMs)
  )
}
