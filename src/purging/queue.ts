import { z } from 'zod'
import { PURGES } from '../cdn/forget.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'

/** Purges that are handed over and in no batch yet, a key each. */
export const DUE = `${PURGES}due/`
/** What is sent in one call of the edge's API, in the order in which it is sent. */
export const BATCHES = `${PURGES}batches/`
/** How far purges are that somebody may ask for. */
const ASKED = `${PURGES}asked/`
/** Items that the edge will not take, however often they are sent: for people to look at. */
export const SET_ASIDE = `${PURGES}set-aside/`

/** What somebody holds who is the sender. */
export const PURGES_LEASE_KEY = 'system/leases/purges.json'

const text = z.string().min(1)
const time = z.iso.datetime()

const due = z.object({
  id: text,
  paths: z.array(text),
  edge: z.array(text).optional(),
  /** When the change was made at the latest. */
  committedAt: time,
  asked: z.boolean().optional(),
})

/** A purge that is in the queue. */
export type Due = z.infer<typeof due>

const batch = z.object({
  id: text,
  items: z.array(text).min(1),
  /** How many purges end with it; their ids, and those that go on in other batches, are kept where somebody may ask. */
  purges: z.int().nonnegative(),
  asked: z.array(text),
  /** When the first and the last change were made that it stands for. */
  oldestAt: time,
  committedAt: time,
  phase: z.enum(['waiting', 'sent']),
  /** Ids that the edge gave. */
  invalidations: z.array(text),
  /** Why it was not taken the last time. */
  refusal: z
    .object({
      reason: z.enum(['busy', 'throttled', 'unreachable', 'denied', 'no-distribution', 'invalid']),
      message: z.string(),
      at: time,
    })
    .optional(),
})

/** Purges that are sent together. */
export type Batch = z.infer<typeof batch>

const asked = z.object({
  id: text,
  phase: z.enum(['waiting', 'sent', 'done']),
  invalidations: z.array(text),
  at: time,
  /** What the edge will not take. */
  refused: z.array(text).optional(),
})

/** How far a purge is that somebody asked for. */
export type AskedPurge = z.infer<typeof asked>

export const dueKey = (id: string): string => `${DUE}${id}.json`
export const batchKey = (id: string): string => `${BATCHES}${id}.json`
export const askedKey = (id: string): string => `${ASKED}${id}.json`

/** Reads a purge that is due; `undefined` for what is none. */
export const parseDue = (object: StoredObject) => parse(due, object)

/** Reads a batch; `undefined` for what is none. */
export const parseBatch = (object: StoredObject) => parse(batch, object)

/** How far a purge is that was handed over with `asked`; `undefined` where there is none, or it is done since a week. */
export async function findAskedPurge(
  store: Pick<ObjectStore, 'get'>,
  id: string,
): Promise<AskedPurge | undefined> {
  const read = await store.get(askedKey(id))
  return read.outcome === 'found' ? parse(asked, read.object) : undefined
}

/** An object of the queue, as it is stored. */
export const toBytes = (value: Due | Batch | AskedPurge): Buffer => Buffer.from(JSON.stringify(value))

/** How objects of the queue are stored. */
export const JSON_OBJECT = { contentType: 'application/json', cacheControl: 'no-store' } as const

function parse<T>(schema: z.ZodType<T>, { body }: StoredObject): T | undefined {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
