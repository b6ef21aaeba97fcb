import { createHash } from 'node:crypto'
import { idPattern } from './ids.ts'
import type { RemotePath, SourcePath } from './image-request.ts'

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

/** The path of what lies on another server. Its query is a part of it; what stands behind `#` is not. */
export function remotePath(url: URL): RemotePath {
  const bare = new URL(url)
  bare.hash = ''
  const hash = createHash('sha256').update(bare.href).digest('hex')
  return { shape: 'remote', path: `remote/${hash}`, url: bare.href }
}

/** Whether a path is that of what lies on another server; where, it no longer tells. */
export function isRemotePath(path: string): boolean {
  return REMOTE.test(path)
}

/** Whose record decides about what lies below it. */
export type LibraryOwner = Extract<SourcePath, { shape: 'item-cover' | 'profile' }>

const REMOTE = /^remote\/[0-9a-f]{64}$/
const LIBRARY_FILE = /^(?:items|profiles)\/[^/]+\/(?:photos|photo)\/[^/]+\/original-[^/]+$/

/** The item or the user that an exact key lies below. */
export function ownerAbove(key: string): LibraryOwner | undefined {
  const [root, id, ...rest] = key.split('/')
  if (!isId(id) || rest.length === 0) return undefined
  if (root === 'items') return { shape: 'item-cover', path: `items/${id}`, itemId: id }
  return root === 'profiles' ? { shape: 'profile', path: `profiles/${id}`, userId: id } : undefined
}

/** The same, but only of a file that uploads have written (`…/original-{fileId}.{ext}`). */
export function libraryOwner(key: string): LibraryOwner | undefined {
  return LIBRARY_FILE.test(key) ? ownerAbove(key) : undefined
}

const isId = (text: string | undefined): text is string => text !== undefined && idPattern.test(text)
