import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { albumKey, documentsKey, profileKey } from '../media/records.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'
import { idPattern } from '../urls/ids.ts'
import type { MediaEvent } from './media-event.ts'

/** Whether a change that was announced has been made; `undecided`: it may still be. */
export type Verdict = 'happened' | 'not-happened' | 'undecided'

/** Asks the record of an event's object. */
export type HasHappened = (event: MediaEvent) => Promise<Verdict>

/** What a record keeps of its own changes, whichever record it is. */
const changed = z.object({
  revision: z.int().nonnegative().default(0),
  changes: z.array(z.object({ revision: z.int(), id: z.string() })).default([]),
})

const RECORDS: Readonly<Record<string, (id: string) => string>> = {
  items: albumKey,
  profiles: profileKey,
  verification: documentsKey,
}

/** A `HasHappened` that reads the changes that records keep (`media/records.ts`). */
export function createHistory(store: Pick<ObjectStore, 'get'>): HasHappened {
  return async (event) => {
    const { revision } = event
    // What changes no record leaves no trace: told once too often harms nobody.
    if (revision === undefined) return 'happened'
    const read = await store.get(recordKeyOf(event.object))
    if (read.outcome !== 'found') {
      // With the last photo and its record its changes are gone too.
      return event.type === 'media.deleted' ? 'happened' : 'undecided'
    }
    return verdictOf({ ...event, revision }, parseRecord(read.object))
  }
}

function verdictOf(
  { revision, id }: MediaEvent & { revision: number },
  record: z.infer<typeof changed>,
): Verdict {
  if (record.changes.some((change) => change.id === id)) return 'happened'
  if (record.revision < revision) return 'undecided'
  const isRemembered = record.changes.some((change) => change.revision === revision)
  // Longer ago than the record remembers: told once too often harms nobody.
  return isRemembered ? 'not-happened' : 'happened'
}

function recordKeyOf(object: string): string {
  const [folder = '', id = '', ...rest] = object.split('/')
  const keyOf = Object.hasOwn(RECORDS, folder) ? RECORDS[folder] : undefined
  if (keyOf === undefined || rest.length > 0 || !idPattern.test(id)) {
    throw new GatewayError('record_invalid', `No record belongs to ${object}`)
  }
  return keyOf(id)
}

function parseRecord({ key, body }: StoredObject): z.infer<typeof changed> {
  try {
    return changed.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new GatewayError('record_invalid', `The record ${key} cannot be understood`, { cause })
  }
}
