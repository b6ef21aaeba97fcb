import { randomUUID } from 'node:crypto'
import type { PictureDescription, PictureFacts } from '../render/renderer.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { type AlbumRecord, albumKey, type PhotoEntry, type ProfileRecord, profileKey } from './records.ts'

/** A photo that comes in: its bytes, and what was read from its header. */
export interface NewPhoto {
  readonly photoId: string
  readonly bytes: Uint8Array
  readonly facts: PictureFacts
  /** What stands in its place until it is there; without it nothing does. */
  readonly looks?: Pick<PictureDescription, 'thumbHash' | 'dominantColour'>
}

/**
 * Stores an item that does not exist yet: first its photos, then the album that names them. `exists` when there is an
 * album already; nothing of it is changed.
 */
export async function createItem(
  store: ObjectStore,
  item: { readonly itemId: string; readonly owner: string; readonly photos: readonly NewPhoto[] },
): Promise<'created' | 'exists'> {
  const { itemId, owner } = item
  if ((await store.head(albumKey(itemId))) !== undefined) return 'exists'
  const photos: PhotoEntry[] = []
  for (const photo of item.photos) {
    photos.push(await storePhoto(store, `items/${itemId}/photos/${photo.photoId}`, photo))
  }
  const record: AlbumRecord = { itemId, owner, access: 'public', revision: 1, photos }
  return createRecord(store, albumKey(itemId), record)
}

/** Stores the profile of a user who has none yet. */
export async function createProfile(
  store: ObjectStore,
  profile: { readonly userId: string; readonly photo: NewPhoto },
): Promise<'created' | 'exists'> {
  const { userId, photo } = profile
  if ((await store.head(profileKey(userId))) !== undefined) return 'exists'
  const entry = await storePhoto(store, `profiles/${userId}/photo/${photo.photoId}`, photo)
  const record: ProfileRecord = { userId, owner: userId, access: 'public', revision: 1, photo: entry }
  return createRecord(store, profileKey(userId), record)
}

async function storePhoto(store: ObjectStore, folder: string, photo: NewPhoto): Promise<PhotoEntry> {
  const { photoId, bytes, facts, looks } = photo
  const extension = facts.format === 'jpeg' ? 'jpg' : facts.format
  // Random and never used again: whatever is made of this file can never be mistaken for that of another.
  const key = `${folder}/original-${randomUUID()}.${extension}`
  const put = await store.put(key, bytes, { contentType: facts.contentType, ifNoneMatch: '*' })
  if (put.outcome === 'conflict') throw new Error(`${key} exists although its name is random`)
  return {
    photoId,
    key,
    etag: put.etag,
    contentType: facts.contentType,
    bytes: bytes.length,
    width: facts.width,
    height: facts.height,
    addedAt: new Date().toISOString(),
    ...(looks && {
      placeholder: Buffer.from(looks.thumbHash).toString('base64'),
      dominantColour: looks.dominantColour,
    }),
  }
}

/** Writes a record where there is none yet; what is there is left as it is. */
export async function createRecord(
  store: Pick<ObjectStore, 'put'>,
  key: string,
  record: object,
): Promise<'created' | 'exists'> {
  const put = await store.put(key, Buffer.from(JSON.stringify(record)), {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ifNoneMatch: '*',
  })
  return put.outcome === 'stored' ? 'created' : 'exists'
}
