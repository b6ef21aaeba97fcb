import { createHash } from 'node:crypto'
import type { SourcePath } from '../urls/image-request.ts'
import { ownerAbove } from '../urls/source-path.ts'

/** The header, and the object metadata behind it, that CloudFront reads cache tags from. */
export const CACHE_TAG_HEADER = 'x-amz-meta-cache-tag'

/** CloudFront drops a tag that is longer. */
const MAX_TAG_LENGTH = 256

/**
 * The tags of everything that is answered for a path, comma-separated: visible ASCII without commas and spaces, values
 * percent-encoded; a value that would be too long is replaced by its hash.
 */
export function cacheTags(path: SourcePath): string {
  switch (path.shape) {
    case 'item-cover':
      return tag('item', path.itemId)
    case 'item-photo':
      return `${tag('item', path.itemId)},${tag('photo', `${path.itemId}/${path.photoId}`)}`
    case 'profile':
      return tag('profile', path.userId)
    case 'key': {
      // What changes an item changes its files: whoever purges by the item reaches them.
      const owner = ownerAbove(path.path)
      return owner ? `${cacheTags(owner)},${tag('key', path.path)}` : tag('key', path.path)
    }
  }
}

function tag(name: string, value: string): string {
  const whole = `${name}:${encodeURIComponent(value)}`
  if (whole.length <= MAX_TAG_LENGTH) return whole
  return `${name}:~${createHash('sha256').update(value).digest('base64url')}`
}
