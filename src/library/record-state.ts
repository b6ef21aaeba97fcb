import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { parseRecordTexts } from '../media/record-texts.ts'
import type { ObjectStore } from '../storage/object-store.ts'

const head = z.object({
  revision: z.int().nonnegative().default(0),
  changes: z.array(z.object({ revision: z.int(), id: z.string() })).default([]),
  deleted: z.literal(true).optional(),
})

/** What every record says of itself, whatever it is a record of. */
export interface RecordState extends z.infer<typeof head> {
  readonly etag: string
  /** Whether the key of a file stands anywhere in it. */
  readonly names: (key: string) => boolean
}

/** What a record says at this moment; `undefined` when there is none, `record_invalid` when it cannot be understood. */
export async function readRecordState(
  store: Pick<ObjectStore, 'get'>,
  key: string,
): Promise<RecordState | undefined> {
  const read = await store.get(key)
  if (read.outcome !== 'found') return undefined
  const record = parseRecordTexts(read.object.body)
  const parsed = head.safeParse(record?.value)
  if (record === undefined || !parsed.success)
    throw new GatewayError('record_invalid', `The record ${key} cannot be understood`, {
      cause: parsed.error,
    })
  return { ...parsed.data, etag: read.object.etag, names: (key) => record.texts.has(key) }
}

/** Whether a record has gone through a change; `unknown` when it does not remember so far back. */
export function hasSeen(state: RecordState, change: { id: string; revision: number }): boolean | 'unknown' {
  if (state.changes.some(({ id }) => id === change.id)) return true
  if (state.revision < change.revision) return false
  return state.changes.some(({ revision }) => revision <= change.revision) ? false : 'unknown'
}
