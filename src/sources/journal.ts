import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import type { GetResult, ObjectStore, StoredObject } from '../storage/object-store.ts'

/** What changed lately, in one small object that every replica reads. */
export const JOURNAL_KEY = 'system/journal.json'

/** Entries that the journal keeps; a reader that has missed more drops everything it remembers. */
const MAX_ENTRIES = 512

/**
 * Attempts at a conditional write before giving up, about half a minute in all. The pauses between them are random and
 * grow: among writers that all come again at once, some would lose every time.
 */
const MAX_ATTEMPTS = 60
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1000

const entry = z.object({
  /** Counts up by one from entry to entry. */
  seq: z.int().positive(),
  id: z.string(),
  at: z.iso.datetime(),
  /** Source paths that changed, each with everything below it. */
  paths: z.array(z.string().min(1)),
})

const journal = z.object({ entries: z.array(entry) })

export type JournalEntry = z.infer<typeof entry>

/** Writes that `paths` have changed. Returns the entry once it is in the bucket; concurrent writers lose no entry. */
export async function appendToJournal(
  store: ObjectStore,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<JournalEntry> {
  const id = randomUUID()
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const read = await store.get(JOURNAL_KEY, { signal })
    const before = read.outcome === 'found' ? parseJournal(read.object) : []
    const landed = before.find((known) => known.id === id)
    if (landed !== undefined) return landed
    const added = { seq: (before.at(-1)?.seq ?? 0) + 1, id, at: new Date().toISOString(), paths: [...paths] }
    const body = Buffer.from(JSON.stringify({ entries: [...before, added].slice(-MAX_ENTRIES) }))
    const written = await store.put(JOURNAL_KEY, body, {
      contentType: 'application/json',
      cacheControl: 'no-store',
      ...onlyOver(read),
      signal,
    })
    if (written.outcome === 'stored') return added
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
    await pause(longest * Math.random(), undefined, { signal })
  }
  throw new GatewayError('overloaded', 'Too many writers change the journal at once: try again')
}

/** The entries of a journal object, oldest first; `record_invalid` when it cannot be understood. */
export function parseJournal(object: StoredObject): readonly JournalEntry[] {
  try {
    return journal.parse(JSON.parse(object.body.toString('utf8'))).entries
  } catch (cause) {
    throw new GatewayError('record_invalid', `The journal ${object.key} cannot be understood`, { cause })
  }
}

function onlyOver(read: GetResult): { ifMatch: string } | { ifNoneMatch: '*' } {
  return read.outcome === 'found' ? { ifMatch: read.object.etag } : { ifNoneMatch: '*' }
}
