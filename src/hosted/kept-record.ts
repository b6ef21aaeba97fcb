import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { putSettled } from '../leases/put-settled.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Writers that lose against each other try again so often, after pauses at random that grow up to half a second. */
const MAX_ATTEMPTS = 20
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 500

/** A record as it was read, with the version that was read. */
export interface Kept<T> {
  readonly value: T
  readonly etag: string
}

type Store = Pick<ObjectStore, 'get' | 'put'>

/** One record in the bucket that several writers change. */
export interface Place<T extends object> {
  readonly key: string
  readonly schema: z.ZodType<T>
}

/** What is there; `undefined` when nothing is, `record_invalid` when it cannot be understood. */
export async function readKept<T extends object>(
  store: Pick<ObjectStore, 'get'>,
  { key, schema }: Place<T>,
  signal?: AbortSignal,
): Promise<Kept<T> | undefined> {
  const read = await store.get(key, { signal })
  if (read.outcome !== 'found') return undefined
  const { data, error } = schema.safeParse(jsonOf(read.object.body))
  if (data !== undefined) return { value: data, etag: read.object.etag }
  throw new GatewayError('record_invalid', `The record ${key} cannot be understood`, { cause: error })
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Writes over the version that was read, or where there is nothing; `undefined` when another writer was first. */
export async function writeKept<T extends object>(
  store: Store,
  { key }: Place<T>,
  value: T,
  over: Kept<T> | undefined,
): Promise<Kept<T> | undefined> {
  // Random, so that an attempt whose answer was lost is told from what somebody else has written.
  const body = Buffer.from(JSON.stringify({ ...value, write: randomUUID() }))
  const condition = over === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: over.etag }
  const put = await putSettled(store, key, body, condition)
  return put.outcome === 'stored' ? { value, etag: put.etag } : undefined
}

/**
 * Makes something else of a record, again when another writer was first; `change` returns what it was given to leave it,
 * and throws refusals.
 */
export async function editKept<T extends object>(
  store: Store,
  place: Place<T>,
  change: (before: T | undefined) => T,
): Promise<Kept<T>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * Math.random())
    const before = await readKept(store, place)
    const after = change(before?.value)
    if (before !== undefined && after === before.value) return before
    const written = await writeKept(store, place, after, before)
    if (written !== undefined) return written
  }
  throw new GatewayError('overloaded', `Too many writers change ${place.key} at once: try again`)
}
