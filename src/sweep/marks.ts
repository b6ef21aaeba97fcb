import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ObjectFacts, ObjectStore, StoredObject } from '../storage/object-store.ts'
import { type FileOwner, ownerOf } from './naming.ts'

/** Where marks lie. */
export const MARKS = 'system/sweep/marks/'

const mark = z.object({ key: z.string().min(1), etag: z.string().min(1), at: z.iso.datetime() })

/** A file that no record named when an earlier sweep came by: the object to remove, if that is still so after a while. */
export interface Mark extends z.infer<typeof mark> {
  readonly owner: FileOwner
  /** When it was made, by whichever clock says the later time. */
  readonly madeAt: number
}

/** Where the mark of a file lies: a key of 1,024 bytes has one, too. */
export function markKey(key: string): string {
  return `${MARKS}${createHash('sha256').update(key).digest('base64url')}.json`
}

/** Marks a file; false when it has a mark already, which then counts. */
export async function placeMark(
  store: Pick<ObjectStore, 'put'>,
  { key, etag }: ObjectFacts,
  now: number,
): Promise<boolean> {
  const body = { key, etag, at: new Date(now).toISOString() }
  const put = await store.put(markKey(key), Buffer.from(JSON.stringify(body)), {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ifNoneMatch: '*',
  })
  return put.outcome === 'stored'
}

/** Reads a mark; `undefined` for what is none, or not one of a file of the library. */
export function parseMark(object: StoredObject): Mark | undefined {
  try {
    const read = mark.parse(JSON.parse(object.body.toString('utf8')))
    const owner = ownerOf(read.key)
    if (owner === undefined || markKey(read.key) !== object.key) return undefined
    return { ...read, owner, madeAt: Math.max(object.lastModified.getTime(), Date.parse(read.at)) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
