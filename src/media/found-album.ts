import type { ListedObject } from '../storage/object-store.ts'

/** Where albums can lie in a bucket. */
export type AlbumRoot = 'items' | 'profiles'

/** What lies in the folder of a photo. */
export interface FoundPhoto {
  /** Objects named `original.{ext}`; more than one is a fault, and more than two are not kept. */
  readonly originals: ListedObject[]
  /** Names of the first few other files: sizes that another program has made, and what Halftone itself has uploaded. */
  readonly others: string[]
}

/** All that lies under one item or one user. */
export interface FoundAlbum {
  readonly root: AlbumRoot
  readonly id: string
  hasRecord: boolean
  /** By photo id, the first `MAX_ALBUM_PHOTOS` and one. */
  readonly photos: Map<string, FoundPhoto>
  /** Objects that are neither the record nor in the folder of a photo. */
  otherKeys: number
}

/** How many photos an album may have that is adopted: it is one JSON object that each look-up reads. */
export const MAX_ALBUM_PHOTOS = 1000

/** How the keys below an item and below a user read. */
const LAYOUTS = {
  items: { record: 'album.json', file: /^photos\/([^/]+)\/([^/]+)$/ },
  profiles: { record: 'profile.json', file: /^photo\/([^/]+)\/([^/]+)$/ },
} as const

const ORIGINAL = /^original\.[A-Za-z0-9]{1,8}$/
const OTHERS_KEPT = 4

/**
 * A listing of `{root}/`, which is in the order of its keys, as one album after the other: no more than one is held.
 * Objects directly below the root belong to none.
 */
export async function* groupAlbums(
  root: AlbumRoot,
  listing: AsyncIterable<ListedObject>,
): AsyncGenerator<FoundAlbum> {
  let album: FoundAlbum | undefined
  for await (const object of listing) {
    const rest = object.key.slice(root.length + 1)
    const slash = rest.indexOf('/')
    if (slash === -1) continue
    const id = rest.slice(0, slash)
    if (album?.id !== id) {
      if (album !== undefined) yield album
      album = { root, id, hasRecord: false, photos: new Map(), otherKeys: 0 }
    }
    addTo(album, rest.slice(slash + 1), object)
  }
  if (album !== undefined) yield album
}

function addTo(album: FoundAlbum, path: string, object: ListedObject): void {
  const { record, file } = LAYOUTS[album.root]
  if (path === record) {
    album.hasRecord = true
    return
  }
  const [, photoId, name] = file.exec(path) ?? []
  if (photoId === undefined || name === undefined) {
    // Empty objects that stand for a folder are nothing.
    if (!path.endsWith('/') && path !== '') album.otherKeys += 1
    return
  }
  addFile(album, photoId, { name, object })
}

function addFile(
  { photos }: FoundAlbum,
  photoId: string,
  file: { readonly name: string; readonly object: ListedObject },
): void {
  let photo = photos.get(photoId)
  if (photo === undefined) {
    if (photos.size > MAX_ALBUM_PHOTOS) return
    photo = { originals: [], others: [] }
    photos.set(photoId, photo)
  }
  if (ORIGINAL.test(file.name)) {
    if (photo.originals.length < 2) photo.originals.push(file.object)
  } else if (photo.others.length < OTHERS_KEPT) {
    photo.others.push(file.name)
  }
}
