import { albumKey, albumRecord, profileKey, profileRecord } from '../media/records.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { LibraryOwner } from '../urls/source-path.ts'

/** What the record of an item or a user says about its files at this moment. */
export type Naming =
  | { readonly state: 'read'; readonly names: (key: string) => boolean }
  | { readonly state: 'missing' | 'damaged' }

/** Where the record lies that decides about an owner's files. */
export function recordKeyOf(owner: LibraryOwner): string {
  return owner.shape === 'profile' ? profileKey(owner.userId) : albumKey(owner.itemId)
}

/** Reads the record that decides about an owner's files: one call. */
export async function readNaming(store: Pick<ObjectStore, 'get'>, owner: LibraryOwner): Promise<Naming> {
  const read = await store.get(recordKeyOf(owner))
  if (read.outcome !== 'found') return { state: 'missing' }
  // Every text in the record counts, wherever it stands: a later release may name files in places of its own.
  const texts = new Set<string>()
  let record: unknown
  try {
    record = JSON.parse(read.object.body.toString('utf8'), (_, value: unknown) => {
      if (typeof value === 'string') texts.add(value)
      return value
    })
  } catch (error) {
    if (error instanceof SyntaxError) return { state: 'damaged' }
    throw error
  }
  return isRecordOf(owner, record) ? { state: 'read', names: (key) => texts.has(key) } : { state: 'damaged' }
}

function isRecordOf(owner: LibraryOwner, record: unknown): boolean {
  if (owner.shape === 'profile') return profileRecord.safeParse(record).data?.userId === owner.userId
  return albumRecord.safeParse(record).data?.itemId === owner.itemId
}
