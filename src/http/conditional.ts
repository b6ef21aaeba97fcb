/** What identifies a representation: its strong ETag, quoted, and its time of change. */
export interface Validators {
  readonly etag: string
  readonly lastModified: Date
}

/** The request headers that make a GET conditional. */
export interface ConditionalHeaders {
  readonly ifNoneMatch?: string | undefined
  readonly ifModifiedSince?: string | undefined
}

/** The conditions of a request; `undefined` when it has none. */
export function conditionsOf(headers: Headers): ConditionalHeaders | undefined {
  const ifNoneMatch = headers.get('if-none-match') ?? undefined
  const ifModifiedSince = headers.get('if-modified-since') ?? undefined
  return ifNoneMatch === undefined && ifModifiedSince === undefined
    ? undefined
    : { ifNoneMatch, ifModifiedSince }
}

/**
 * Whether the client's copy is still right (RFC 9110 §13.2.2): `If-None-Match` decides alone when it is there, by weak
 * comparison (§13.1.2). `If-Modified-Since` matches on equality only: a source that was replaced by an older file has
 * changed although its date went back.
 */
export function isNotModified(headers: ConditionalHeaders, { etag, lastModified }: Validators): boolean {
  if (headers.ifNoneMatch !== undefined) return listsEtag(headers.ifNoneMatch, etag)
  if (headers.ifModifiedSince !== undefined) return isSameSecond(headers.ifModifiedSince, lastModified)
  return false
}

/**
 * Whether a `Range` is to be honoured (RFC 9110 §13.1.5): without `If-Range` always, else when its ETag is this very
 * one (strong comparison: a weak one never matches) or its date equals the time of change.
 */
export function isRangeApplicable(ifRange: string | undefined, { etag, lastModified }: Validators): boolean {
  if (ifRange === undefined) return true
  if (ifRange.startsWith('"') || ifRange.startsWith('W/')) return ifRange === etag
  return isSameSecond(ifRange, lastModified)
}

/** One entity tag of a list (RFC 9110 §8.8.3), weak or strong. */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g

function listsEtag(list: string, etag: string): boolean {
  // The usual case: one tag, the one that we gave.
  if (list === etag || list.trim() === '*') return true
  for (const [, opaque] of list.matchAll(ENTITY_TAG)) if (opaque === etag) return true
  return false
}

function isSameSecond(httpDate: string, date: Date): boolean {
  // HTTP dates have no milliseconds.
  return Date.parse(httpDate) === Math.floor(date.getTime() / 1000) * 1000
}

/** A part of a representation: offsets of its first and its last byte. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * The part that a `Range` header asks for, of `length` bytes (RFC 9110 §14.1.2). `undefined` when the whole is to be
 * sent: no range, another unit, several ranges, or nonsense, all of which a server may ignore. `unsatisfiable` when it
 * begins behind the end.
 */
export function parseRange(
  header: string | undefined,
  length: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = SINGLE_RANGE.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return suffix(Number(last), length)
  const start = Number(first)
  const end = last === '' ? length - 1 : Math.min(Number(last), length - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start < length ? { start, end } : 'unsatisfiable'
}

function suffix(count: number, length: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || length === 0) return 'unsatisfiable'
  return { start: Math.max(0, length - count), end: length - 1 }
}
