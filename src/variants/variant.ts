import { cacheTags } from '../cdn/cache-tags.ts'
import type { ObjectFacts } from '../storage/object-store.ts'
import type { VariantSpec } from '../transform/spec.ts'
import type { SourcePath } from '../urls/image-request.ts'
import { variantKey, type VariantTree } from '../urls/variant-key.ts'
import { variantEtag } from '../urls/version.ts'

/** The name of one picture: where it is stored, and what identifies its bytes. */
export interface VariantName {
  /** The key in the bucket, which is its versioned URL path. */
  readonly key: string
  /** Strong, quoted. */
  readonly etag: string
  /** Cache tags, comma-separated; none of what is not public, which no cache may keep. */
  readonly tags: string
}

/** One picture: its name and its encoded bytes. */
export interface Variant extends VariantName {
  readonly bytes: Buffer<ArrayBuffer>
  readonly contentType: string
  /** When its source was changed last. */
  readonly lastModified: Date
}

/** The layer that an answer came from, as `Cache-Status` (RFC 9211) tells it. */
export type Layer = 'memory' | 'bucket' | 'render' | 'collapsed'

/** Milliseconds that each step of a rendering took. */
export interface RenderTimings {
  readonly fetchMs: number
  readonly queueMs: number
  readonly decodeMs: number
  readonly encodeMs: number
}

/** The name of the picture that `spec` makes of this version of a source. */
export function nameOf(
  source: SourcePath,
  version: string,
  spec: VariantSpec,
  tree: VariantTree = 'img',
): VariantName {
  return {
    key: variantKey(source.path, version, spec, tree),
    etag: variantEtag(version, spec),
    tags: tree === 'img' ? cacheTags(source) : '',
  }
}

/** User metadata that a stored variant carries, beside what the store itself adds. */
export function variantMetadata(variant: Variant): Record<string, string> {
  return {
    ...(variant.tags !== '' && { 'cache-tag': variant.tags }),
    'source-modified': `${Math.floor(variant.lastModified.getTime() / 1000)}`,
  }
}

/** When the source of a stored variant was changed last; the time of storing where it does not say. */
export function sourceModified(stored: ObjectFacts): Date {
  const seconds = Number(stored.metadata['source-modified'])
  return Number.isSafeInteger(seconds) && seconds > 0 ? new Date(seconds * 1000) : stored.lastModified
}
