import { parseRecordTexts } from '../media/record-texts.ts'
import {
  albumKey,
  albumRecord,
  documentsKey,
  documentsRecord,
  documentTypePattern,
  profileKey,
  profileRecord,
} from '../media/records.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { idPattern } from '../urls/ids.ts'
import { libraryOwner } from '../urls/source-path.ts'

/** Whose record decides about a file: an item, a user with a photo, a user with documents. */
export interface FileOwner {
  /** Such as `items/42`. */
  readonly path: string
  readonly recordKey: string
  /** Whether this is a record of its own, and not one that somebody copied there. */
  readonly isRecord: (value: unknown) => boolean
}

/** What an owner's record says about its files at this moment. */
export type Naming =
  | { readonly state: 'read'; readonly names: (key: string) => boolean }
  | { readonly state: 'missing' | 'damaged' }

const DOCUMENT = /^verification\/([^/]+)\/([^/]+)\/([^/]+)\/[^/]+$/

/** Whose file lies at a key; `undefined` for what is no file of the library. */
export function ownerOf(key: string): FileOwner | undefined {
  const [, userId = '', type = '', fileId = ''] = DOCUMENT.exec(key) ?? []
  if (idPattern.test(userId) && documentTypePattern.test(type) && idPattern.test(fileId))
    return {
      path: `verification/${userId}`,
      recordKey: documentsKey(userId),
      isRecord: (value) => documentsRecord.safeParse(value).data?.userId === userId,
    }
  const owner = libraryOwner(key)
  if (owner === undefined) return undefined
  if (owner.shape === 'profile')
    return {
      path: owner.path,
      recordKey: profileKey(owner.userId),
      isRecord: (value) => profileRecord.safeParse(value).data?.userId === owner.userId,
    }
  return {
    path: owner.path,
    recordKey: albumKey(owner.itemId),
    isRecord: (value) => albumRecord.safeParse(value).data?.itemId === owner.itemId,
  }
}

/** Reads the record that decides about an owner's files: one call. */
export async function readNaming(store: Pick<ObjectStore, 'get'>, owner: FileOwner): Promise<Naming> {
  const read = await store.get(owner.recordKey)
  if (read.outcome !== 'found') return { state: 'missing' }
  // Every text in the record counts, wherever it stands: a later release may name files in places of its own.
  const record = parseRecordTexts(read.object.body)
  if (record === undefined || !owner.isRecord(record.value)) return { state: 'damaged' }
  return { state: 'read', names: (key) => record.texts.has(key) }
}
