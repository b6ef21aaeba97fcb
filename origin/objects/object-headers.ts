import type { ObjectRecord, StoredChecksum } from '../store/object-record.ts'

/** The stored checksum as headers; none when there is none. */
export function checksumHeaders({ checksum }: ObjectRecord): Record<string, string> {
  if (checksum === undefined) return {}
  return {
    [`x-amz-checksum-${checksum.name}`]: checksum.value,
    'x-amz-checksum-type': checksumType(checksum),
  }
}

/** Of what a checksum is made: the bytes of the whole object, or the checksums of its parts. */
export function checksumType({ type }: StoredChecksum): 'FULL_OBJECT' | 'COMPOSITE' {
  return type ?? 'FULL_OBJECT'
}

/** Which version this is: what every answer about an object carries, a 304 too. */
export function validatorHeaders(record: ObjectRecord): Record<string, string> {
  return { etag: `"${record.etag}"`, 'last-modified': new Date(record.lastModified).toUTCString() }
}

type Headers = Readonly<Record<string, string>>

/** A record never changes, so its headers are put together once, when they are first wanted. */
const wholeHeaders = new WeakMap<ObjectRecord, Headers>()

/** What an answer with all of an object says of it. */
export function headersOfWhole(record: ObjectRecord): Headers {
  const known = wholeHeaders.get(record)
  if (known) return known
  const headers = {
    ...Object.fromEntries(record.headers),
    ...validatorHeaders(record),
    ...tagCountHeader(record),
    'accept-ranges': 'bytes',
    'content-length': String(record.bytes),
  }
  wholeHeaders.set(record, headers)
  return headers
}

/** How many tags an object has; nothing when it has none. */
export function tagCountHeader({ tags = [] }: ObjectRecord): Record<string, string> {
  return tags.length === 0 ? {} : { 'x-amz-tagging-count': String(tags.length) }
}
