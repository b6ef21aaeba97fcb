import { idPattern } from './ids.ts'
import type { SourcePath } from './image-request.ts'

/** What decoded segments point at, by their shape alone; ids that are none make an exact key. */
export function parseSourcePath(segments: readonly string[]): SourcePath {
  const path = segments.join('/')
  const [root, id, photos, photoId] = segments
  if (isId(id) && segments.length === 2) {
    if (root === 'profiles') return { shape: 'profile', path, userId: id }
    if (root === 'items') return { shape: 'item-cover', path, itemId: id }
  }
  if (root === 'items' && isId(id) && photos === 'photos' && isId(photoId) && segments.length === 4) {
    return { shape: 'item-photo', path, itemId: id, photoId }
  }
  return { shape: 'key', path }
}

/** The canonical source of a photo in an album. A profile and an exact key are canonical as they are asked for. */
export const itemPhotoPath = (itemId: string, photoId: string): string => `items/${itemId}/photos/${photoId}`

/** Whose record decides about a file that uploads have written. */
export type LibraryOwner = Extract<SourcePath, { shape: 'item-cover' | 'profile' }>

const LIBRARY_FILE = /^(items|profiles)\/([^/]+)\/(?:photos|photo)\/[^/]+\/original-[^/]+$/

/** The item or the user that an exact key belongs to, if it is a file of the library (`…/original-{fileId}.{ext}`). */
export function libraryOwner(key: string): LibraryOwner | undefined {
  const [, root, id] = LIBRARY_FILE.exec(key) ?? []
  if (!isId(id)) return undefined
  return root === 'items'
    ? { shape: 'item-cover', path: `items/${id}`, itemId: id }
    : { shape: 'profile', path: `profiles/${id}`, userId: id }
}

const isId = (text: string | undefined): text is string => text !== undefined && idPattern.test(text)
