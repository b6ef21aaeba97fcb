import { randomBytes } from 'node:crypto'
import { createAlbums } from '../../src/library/albums.ts'
import type { ChangesOptions } from '../../src/library/changes.ts'
import { createDocuments } from '../../src/library/documents.ts'
import type { NewPhoto } from '../../src/library/library.ts'
import { createProfiles } from '../../src/library/profiles.ts'
import type { DocumentEntry } from '../../src/media/records.ts'
import { JOURNAL_KEY, parseJournal } from '../../src/sources/journal.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createOutboxTwin } from '../support/outbox-twin.ts'

export const ITEM = '42'
export const by = { by: 'tests' }
export const SHOP = { owner: 'shop', access: 'public' } as const

/** The library of a bucket whose conditional writes are known to work. */
export function openLibrary(
  store: ObjectStore,
  options: Partial<ChangesOptions> & { maxPhotos?: number; maxDocuments?: number; now?: () => number } = {},
) {
  const unfinished: unknown[] = []
  const shared = {
    store,
    outbox: createOutboxTwin(store),
    assertWritable: async () => {},
    onUnfinished: (error: unknown) => void unfinished.push(error),
    ...options,
  }
  return {
    albums: createAlbums({ maxPhotos: 24, ...shared }),
    profiles: createProfiles(shared),
    documents: createDocuments({ maxDocuments: 3, ...shared }),
    unfinished,
  }
}

export type TestLibrary = ReturnType<typeof openLibrary>

/** Puts a file where an upload puts it, and says what is to be named. */
export async function putPhoto(
  store: ObjectStore,
  photoId: string,
  { root = `items/${ITEM}/photos`, fileId = randomBytes(9).toString('base64url') } = {},
): Promise<NewPhoto> {
  return putFile(store, photoId, `${root}/${photoId}/original-${fileId}.jpg`)
}

/** Puts a photo's file at any key. */
export async function putFile(store: ObjectStore, photoId: string, key: string): Promise<NewPhoto> {
  const facts = { contentType: 'image/jpeg', width: 4, height: 3, addedAt: '2026-01-02T03:04:05.000Z' }
  const etag = await putText(store, key)
  return { photoId, key, etag, bytes: Buffer.byteLength(key), ...facts }
}

export async function putDocument(
  store: ObjectStore,
  userId: string,
  fileId: string,
  expiresAt?: string,
): Promise<DocumentEntry> {
  const key = `verification/${userId}/passport/${fileId}/pass.pdf`
  const etag = await putText(store, key)
  return {
    fileId,
    type: 'passport',
    key,
    etag,
    contentType: 'application/pdf',
    bytes: Buffer.byteLength(key),
    fileName: 'pass.pdf',
    addedAt: '2026-01-02T03:04:05.000Z',
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** Stores a text; its key, if there is none. */
export async function putText(store: ObjectStore, key: string, text = key): Promise<string> {
  const put = await store.put(key, Buffer.from(text), { contentType: 'text/plain' })
  if (put.outcome !== 'stored') throw new Error(`${key} was not stored`)
  return put.etag
}

/** An item with the photos `a`, `b`, `c`, in this order. */
export async function putItemAbc(store: ObjectStore, { albums }: TestLibrary): Promise<readonly NewPhoto[]> {
  const photos: NewPhoto[] = []
  for (const photoId of ['a', 'b', 'c']) {
    const photo = await putPhoto(store, photoId)
    await albums.add(ITEM, photo, { ...by, ifAbsent: SHOP })
    photos.push(photo)
  }
  return photos
}

export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

/** The paths of all entries of the journal. */
export async function journalPaths(store: ObjectStore): Promise<string[]> {
  const read = await store.get(JOURNAL_KEY)
  return read.outcome === 'found' ? parseJournal(read.object).flatMap(({ paths }) => paths) : []
}

/** The code that a refusal has. */
export async function codeOf(change: Promise<unknown>): Promise<unknown> {
  return change.then(
    () => 'nothing was refused',
    (error: { code?: unknown }) => error.code ?? error,
  )
}
