import { GatewayError } from '../errors.ts'
import type { Access, AlbumRecord, PhotoEntry } from '../media/records.ts'
import type { NewPhoto, PhotoSettings } from './library.ts'

/** What a verb makes of an album; the same record when it is so already. */
type AlbumEdit = (before: AlbumRecord | undefined) => AlbumRecord

export interface NewAlbum {
  readonly owner: string
  readonly access: Access
}

/** An album without photos, over the traces of one that is being deleted. */
export const emptyAlbum = (itemId: string, { owner, access }: NewAlbum): AlbumRecord => ({
  itemId,
  owner,
  access,
  revision: 0,
  photos: [],
})

/** The album of an item that is there. */
export function presentAlbum(before: AlbumRecord | undefined): AlbumRecord {
  if (before === undefined || before.deleted) throw new GatewayError('not_found', 'There is no such item')
  return before
}

/** Names a photo at a place, or at the end. */
export function addPhoto(
  album: AlbumRecord,
  photo: NewPhoto,
  { at = Infinity, maxPhotos }: { at?: number | undefined; maxPhotos: number },
): AlbumRecord {
  if (album.photos.some(({ key }) => key === photo.key)) return album
  if (album.photos.some(({ photoId }) => photoId === photo.photoId))
    throw new GatewayError('conflict', 'There is a photo of this id: replace it')
  if (album.photos.length >= maxPhotos)
    throw new GatewayError('limit_reached', `An item has ${maxPhotos} photos at most`)
  return { ...album, photos: album.photos.toSpliced(at, 0, photo) }
}

/** Puts another file into a slot; the focal point was one of the old picture, the time at the edge is the slot's. */
export const replacePhoto =
  (photo: NewPhoto): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    const index = indexOf(album, photo.photoId)
    const named = album.photos.findIndex(({ key }) => key === photo.key)
    if (named === index) return album
    if (named !== -1) throw new GatewayError('conflict', 'The file is that of another photo')
    const { edgeSeconds } = photoAt(album, photo.photoId)
    const entry = { ...photo, ...(edgeSeconds !== undefined && { edgeSeconds }) }
    return { ...album, photos: album.photos.with(index, entry) }
  }

/** Brings the photos into another order: exactly those that are there, each once. */
export const reorderPhotos =
  (photoIds: readonly string[]): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    const byId = new Map(album.photos.map((photo) => [photo.photoId, photo]))
    const photos = photoIds.flatMap((photoId) => byId.get(photoId) ?? [])
    const isWhole = photos.length === photoIds.length && photos.length === byId.size
    if (!isWhole || new Set(photoIds).size !== byId.size)
      throw new GatewayError('conflict', 'The order has to name exactly the photos that are there, each once')
    return photos.every((photo, index) => photo === album.photos[index]) ? album : { ...album, photos }
  }

/** Moves a photo to the front. */
export const moveToFront =
  (photoId: string): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    const photo = photoAt(album, photoId)
    if (photo === album.photos[0]) return album
    return { ...album, photos: [photo, ...album.photos.filter((other) => other !== photo)] }
  }

/** Sets what an owner says of a photo, or leaves it to the gateway again. */
export const adjustPhoto =
  (photoId: string, settings: PhotoSettings): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    const { focus: oldFocus, edgeSeconds: oldSeconds, ...photo } = photoAt(album, photoId)
    const focus = settings.focus === undefined ? oldFocus : (settings.focus ?? undefined)
    const edgeSeconds = settings.edgeSeconds === undefined ? oldSeconds : (settings.edgeSeconds ?? undefined)
    const isSame = oldFocus?.x === focus?.x && oldFocus?.y === focus?.y && oldSeconds === edgeSeconds
    if (isSame) return album
    const entry = {
      ...photo,
      ...(focus !== undefined && { focus: { x: focus.x, y: focus.y } }),
      ...(edgeSeconds !== undefined && { edgeSeconds }),
    }
    return { ...album, photos: album.photos.with(indexOf(album, photoId), entry) }
  }

/** Says who may see the photos. */
export const allowAccess =
  (access: Access): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    return album.access === access ? album : { ...album, access }
  }

/** Takes a photo out. */
export const removePhoto =
  (photoId: string): AlbumEdit =>
  (before) => {
    const album = presentAlbum(before)
    return { ...album, photos: album.photos.toSpliced(indexOf(album, photoId), 1) }
  }

/** Takes all photos out; with `andAlbum` the item is gone from then on, and a second time is the first one again. */
export const removePhotos =
  (andAlbum: boolean): AlbumEdit =>
  (before) => {
    if (andAlbum && before?.deleted) return { ...before }
    const album = presentAlbum(before)
    if (andAlbum) return { ...album, photos: [], deleted: true }
    return album.photos.length === 0 ? album : { ...album, photos: [] }
  }

function photoAt({ photos }: AlbumRecord, photoId: string): PhotoEntry {
  const photo = photos.find((photo) => photo.photoId === photoId)
  if (photo === undefined) throw new GatewayError('not_found', 'There is no such photo')
  return photo
}

const indexOf = (album: AlbumRecord, photoId: string) => album.photos.indexOf(photoAt(album, photoId))
