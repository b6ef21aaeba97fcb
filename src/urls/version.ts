import { createHash } from 'node:crypto'
import type { FocalPoint } from '../transform/rendering-settings.ts'
import { specName, type VariantSpec } from '../transform/spec.ts'

const SOURCE_PART = 12
const SEGMENT = /^@[A-Za-z0-9_-]{15}$/

/** The source part of a version: 12 characters that change with the bytes (their ETag), the key and the focal point. */
export function sourceVersion(etag: string, key: string, focus?: FocalPoint): string {
  const identity = focus === undefined ? [etag, key] : [etag, key, focus.x, focus.y]
  // JSON frames them: no other list gives the same text.
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, SOURCE_PART)
}

/** A version, 15 characters: the source part and the three of the epoch. */
export function versionOf(sourceVersion: string, epoch: string): string {
  return `${sourceVersion}${epoch}`
}

/** The first 12 characters of a version: which bytes it was made from. */
export function sourcePartOf(version: string): string {
  return version.slice(0, SOURCE_PART)
}

/** The last three characters of a version: which encoders made it. */
export function epochPartOf(version: string): string {
  return version.slice(SOURCE_PART)
}

/** The version that a raw segment names, `@` and 15 characters; `undefined` for any other spelling. */
export function parseVersionSegment(raw: string): string | undefined {
  return SEGMENT.test(raw) ? raw.slice(1) : undefined
}

/** The strong ETag of a variant: one for all its URLs. */
export function variantEtag(version: string, spec: VariantSpec): string {
  return `"${version}-${specName(spec)}"`
}
