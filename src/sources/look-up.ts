import { GatewayError } from '../errors.ts'
import {
  type AlbumRecord,
  albumKey,
  albumRecord,
  type PhotoEntry,
  type ProfileRecord,
  profileKey,
  profileRecord,
} from '../media/records.ts'
import type { StoredObject } from '../storage/object-store.ts'
import type { RecordView, SourceView } from '../storage/source-view.ts'
import type { RemotePath, SourcePath } from '../urls/image-request.ts'
import { type LibraryOwner, libraryOwner, ownerAbove } from '../urls/source-path.ts'
import { sourceVersion } from '../urls/version.ts'
import type { Source } from './source.ts'

/** The two windows through which sources are seen: pictures by exact key, and the records that name them. */
export interface LookUpViews {
  readonly pictures: SourceView
  readonly records: RecordView
  /** What lies on other servers; without it there is nothing. */
  readonly remote?: ((path: RemotePath, signal?: AbortSignal) => Promise<Source | undefined>) | undefined
}

/**
 * Which object and version a path means at this moment: one bucket call, decided by the path's shape, without probing;
 * two for a key below an item or a user that their record does not name. `undefined` when there is nothing; `record_invalid` when the record cannot be understood.
 */
export async function lookUp(
  views: LookUpViews,
  path: SourcePath,
  signal?: AbortSignal,
): Promise<Source | undefined> {
  switch (path.shape) {
    case 'item-cover': {
      const album = await readAlbum(views, path.itemId, signal)
      const cover = album?.record.photos[0]
      return album && cover && ofAlbum(album, cover)
    }
    case 'item-photo': {
      const album = await readAlbum(views, path.itemId, signal)
      const photo = album?.record.photos.find((photo) => photo.photoId === path.photoId)
      return album && photo && ofAlbum(album, photo)
    }
    case 'profile': {
      const profile = await readProfile(views, path.userId, signal)
      const photo = profile?.record.photo
      return profile && photo && ofPhoto(path, photo, profile.record, profile.object.lastModified)
    }
    case 'remote':
      return views.remote?.(path, signal)
    case 'key': {
      const above = ownerAbove(path.path)
      return above ? findBelow(views, path, above, signal) : findKey(views, path, undefined, signal)
    }
  }
}

type KeyPath = Extract<SourcePath, { shape: 'key' }>

/** What a record says of who may have what it names. */
type Guard = Pick<AlbumRecord, 'access' | 'owner'>

interface Album {
  readonly record: AlbumRecord
  readonly object: StoredObject
}

async function readAlbum(
  views: LookUpViews,
  itemId: string,
  signal?: AbortSignal,
): Promise<Album | undefined> {
  const object = await readRecord(views, albumKey(itemId), signal)
  if (object === undefined) return undefined
  const parsed = albumRecord.safeParse(toJson(object))
  // A record copied from another item would be kept under that item's tags and paths, out of reach of this one's purges.
  if (parsed.data?.itemId !== itemId) throw invalidRecord(object.key, parsed.error)
  return { record: parsed.data, object }
}

function ofAlbum({ record, object }: Album, photo: PhotoEntry): Source {
  const { itemId } = record
  const at = {
    shape: 'item-photo',
    path: `items/${itemId}/photos/${photo.photoId}`,
    itemId,
    photoId: photo.photoId,
  } as const
  return ofPhoto(at, photo, record, object.lastModified)
}

interface Profile {
  readonly record: ProfileRecord
  readonly object: StoredObject
}

async function readProfile(
  views: LookUpViews,
  userId: string,
  signal?: AbortSignal,
): Promise<Profile | undefined> {
  const object = await readRecord(views, profileKey(userId), signal)
  if (object === undefined) return undefined
  const parsed = profileRecord.safeParse(toJson(object))
  if (parsed.data?.userId !== userId) throw invalidRecord(object.key, parsed.error)
  return { record: parsed.data, object }
}

/**
 * The record of what a key lies below says to whom the key is. A file that uploads have written is nothing unless the
 * record names it; what an operator has put there is as public as the item or the user that it lies below.
 */
async function findBelow(
  views: LookUpViews,
  path: KeyPath,
  above: LibraryOwner,
  signal?: AbortSignal,
): Promise<Source | undefined> {
  if (!views.pictures.allows(path.path)) return undefined
  const found =
    above.shape === 'profile'
      ? await readProfile(views, above.userId, signal)
      : await readAlbum(views, above.itemId, signal)
  const named = found && photosOf(found.record).find((photo) => photo.key === path.path)
  if (found && named) return ofPhoto(path, named, found.record, found.object.lastModified)
  return libraryOwner(path.path) ? undefined : findKey(views, path, found?.record, signal)
}

function photosOf(record: AlbumRecord | ProfileRecord): readonly PhotoEntry[] {
  if ('photos' in record) return record.photos
  return record.photo === undefined ? [] : [record.photo]
}

async function findKey(
  views: LookUpViews,
  path: KeyPath,
  record: Guard | undefined,
  signal?: AbortSignal,
): Promise<Source | undefined> {
  const facts = await views.pictures.head(path.path, { signal })
  if (facts === undefined) return undefined
  return {
    at: path,
    key: path.path,
    etag: facts.etag,
    contentType: facts.contentType,
    bytes: facts.bytes,
    version: sourceVersion(facts.etag, path.path),
    lastModified: facts.lastModified,
    access: record?.access ?? 'public',
    owner: record?.owner,
    managed: false,
  }
}

function ofPhoto(at: SourcePath, photo: PhotoEntry, { access, owner }: Guard, recordModified: Date): Source {
  return {
    at,
    key: photo.key,
    etag: photo.etag,
    contentType: photo.contentType,
    bytes: photo.bytes,
    version: sourceVersion(photo.etag, photo.key, photo.focus),
    focus: photo.focus,
    lastModified: new Date(Math.max(recordModified.getTime(), Date.parse(photo.addedAt))),
    access,
    owner,
    managed: true,
    edgeSeconds: photo.edgeSeconds,
  }
}

async function readRecord(
  views: LookUpViews,
  key: string,
  signal?: AbortSignal,
): Promise<StoredObject | undefined> {
  const result = await views.records.get(key, { signal })
  return result.outcome === 'found' ? result.object : undefined
}

function toJson(object: StoredObject): unknown {
  try {
    return JSON.parse(object.body.toString('utf8'))
  } catch (cause) {
    throw invalidRecord(object.key, cause)
  }
}

function invalidRecord(key: string, cause: unknown): GatewayError {
  return new GatewayError('record_invalid', `The record ${key} cannot be understood`, { cause })
}
