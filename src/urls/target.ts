import { GatewayError } from '../errors.ts'

/** One part of a path between slashes. */
export interface Segment {
  /** As it stands in the target. */
  readonly raw: string
  /** Decoded once. */
  readonly text: string
}

// Forward slashes count only once decoded; \p{Cc} is C0, DEL and C1; \p{Cs} a half of a character.
const FORBIDDEN = /[\p{Cc}\p{Cs}\\/]/u

/** The path of a raw request target, still encoded: without the authority of the absolute form, without the query. */
export function pathOf(rawTarget: string): string {
  const path = rawTarget.replace(/^https?:\/\/[^/?#]*/i, '').replace(/\?.*$/s, '')
  if (!path.startsWith('/')) throw new GatewayError('invalid_target', 'path: must begin with "/"')
  return path
}

/** The segments of an encoded path, each decoded once; throws `invalid_target` for what no key can hold. */
export function parseSegments(path: string): readonly Segment[] {
  return path
    .slice(1)
    .split('/')
    .map((raw, index) => ({ raw, text: checkSegment(decode(raw, index), index) }))
}

/** A decoded path as it stands in a URL; throws `invalid_target` for one that could not be parsed back. */
export function formatPath(path: string): string {
  return path
    .split('/')
    .map((text, index) => encodeURIComponent(checkSegment(text, index)))
    .join('/')
}

function decode(raw: string, index: number): string {
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw segmentFault(index, 'must be percent-encoded UTF-8', { cause })
  }
}

function checkSegment(text: string, index: number): string {
  if (text === '' || text === '.' || text === '..')
    throw segmentFault(index, 'must not be empty, "." or ".."')
  if (FORBIDDEN.test(text)) {
    throw segmentFault(index, 'must not hold control characters, "/" or "\\", encoded or not')
  }
  return text
}

function segmentFault(index: number, message: string, options?: ErrorOptions): GatewayError {
  return new GatewayError('invalid_target', `path segment ${index + 1}: ${message}`, options)
}
