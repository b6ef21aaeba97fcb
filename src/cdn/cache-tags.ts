import { createHash } from 'node:crypto'
import type { SourcePath } from '../urls/image-request.ts'
import { ownerAbove, parseSourcePath } from '../urls/source-path.ts'

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
    case 'remote':
      // As of the key that its path reads as where only that is known.
      return tag('key', path.path)
    case 'key': {
      // What changes an item or a photo changes its files: whoever purges by one of them reaches them.
      const above = photoAbove(path.path) ?? ownerAbove(path.path)
      return above ? `${cacheTags(above)},${tag('key', path.path)}` : tag('key', path.path)
    }
  }
}

/** The tag that only answers for this path, and for what lies below it, carry. */
export function ownTag(path: SourcePath): string {
  return cacheTags(path).split(',').at(-1) ?? ''
}

/** The tag of everything that shows hosted images in a named variant. */
export const hostedVariantTag = (name: string): string => tag('variant', name)

function photoAbove(key: string): SourcePath | undefined {
  const segments = key.split('/')
  const path = parseSourcePath(segments.slice(0, 4))
  return segments.length > 4 && path.shape === 'item-photo' ? path : undefined
}

function tag(name: string, value: string): string {
  // The edge takes no `*` in the tags that it is told to forget.
  const whole = `${name}:${encodeURIComponent(value).replaceAll('*', '%2A')}`
  if (whole.length <= MAX_TAG_LENGTH) return whole
  return `${name}:~${createHash('sha256').update(value).digest('base64url')}`
}
