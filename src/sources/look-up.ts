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
import type { SourcePath } from '../urls/image-request.ts'
import { type LibraryOwner, libraryOwner } from '../urls/source-path.ts'
import { sourceVersion } from '../urls/version.ts'
import type { Source } from './source.ts'

/** The two windows through which sources are seen: pictures by exact key, and the records that name them. */
export interface LookUpViews {
  readonly pictures: SourceView
  readonly records: RecordView
}

/**
 * Which object and version a path means at this moment: one bucket call, decided by the path's shape, without probing.
 * `undefined` when there is nothing; `record_invalid` when the record cannot be understood.
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
      return profile && photo && ofPhoto(path, photo, profile.record.access, profile.object.lastModified)
    }
    case 'key': {
      const owner = libraryOwner(path.path)
      return owner ? findLibraryFile(views, path, owner, signal) : findKey(views, path, signal)
    }
  }
}

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
  return ofPhoto(at, photo, record.access, object.lastModified)
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

/** A file that uploads have written is nobody's to see but by its record: which has to name it, and says to whom. */
async function findLibraryFile(
  views: LookUpViews,
  path: SourcePath & { shape: 'key' },
  owner: LibraryOwner,
  signal?: AbortSignal,
): Promise<Source | undefined> {
  const found =
    owner.shape === 'profile'
      ? await readProfile(views, owner.userId, signal)
      : await readAlbum(views, owner.itemId, signal)
  if (found === undefined) return undefined
  const { record, object } = found
  const photos = 'photos' in record ? record.photos : [record.photo]
  const photo = photos.find((photo) => photo?.key === path.path)
  return photo && ofPhoto(path, photo, record.access, object.lastModified)
}

async function findKey(
  views: LookUpViews,
  path: SourcePath & { shape: 'key' },
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
    access: 'public',
    managed: false,
  }
}

function ofPhoto(at: SourcePath, photo: PhotoEntry, access: Source['access'], recordModified: Date): Source {
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
    managed: true,
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
