import { crc32 } from 'node:zlib'

// Without a checksum: written in pieces, its metadata sent before its last byte was known.
const ownStamp = /^v=1(?:;crc32=([0-9a-f]{8}))?(?:;|$)/
const metadataName = /^[a-z0-9-]+$/
const visibleAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
/** The longest key that S3 takes, in bytes of UTF-8. */
export const maxKeyBytes = 1024

/** The stamp without a checksum. */
const stampOfUnread = 'v=1'

type Metadata = Readonly<Record<string, string>>

/** The metadata to store with an object: the caller's, and `halftone` with the checksum of the bytes. */
export function stampMetadata(bytes: Uint8Array, metadata: Metadata = {}): Record<string, string> {
  return withStamp(checksumStamp(crc32(bytes)), metadata)
}

/** The same for bytes that are not known yet, or never pass through here: the stamp says only who wrote them. */
export function stampUnread(metadata: Metadata = {}): Record<string, string> {
  return withStamp(stampOfUnread, metadata)
}

/** The same for a copy of bytes that the caller has read, if it says so with a stamp that has their checksum. */
export function stampCopy(metadata: Metadata = {}): Record<string, string> {
  const crc = ownStamp.exec(metadata['halftone'] ?? '')?.[1]
  return withStamp(crc === undefined ? stampOfUnread : `${stampOfUnread};crc32=${crc}`, metadata)
}

/** The stamp of bytes whose CRC-32 is known. */
export function checksumStamp(crc: number): string {
  return `${stampOfUnread};crc32=${hex(crc)}`
}

/** The CRC-32 that an object's metadata has for its bytes, if any. */
function expectedChecksum(metadata: Metadata): number | undefined {
  const expected = ownStamp.exec(metadata['halftone'] ?? '')?.[1]
  return expected === undefined ? undefined : Number.parseInt(expected, 16)
}

function withStamp(stamp: string, metadata: Metadata): Record<string, string> {
  for (const [name, value] of Object.entries(metadata)) {
    if (!metadataName.test(name)) throw new TypeError(`Metadata name ${JSON.stringify(name)} is not allowed`)
    if (!visibleAscii.test(value)) throw new TypeError(`Metadata ${name} is not visible ASCII`)
  }
  // Metadata copied from an object that was read has an older stamp already.
  const callers = metadata['halftone']?.replace(ownStamp, '')
  return { ...metadata, halftone: callers ? `${stamp};${callers}` : stamp }
}

/** Whether an object with this metadata was written by Halftone. */
export function isStamped(metadata: Metadata): boolean {
  return ownStamp.test(metadata['halftone'] ?? '')
}

/** What is wrong with an object's bytes by the checksum in its metadata; `undefined` when nothing, or when it has none. */
export function findCorruption(bytes: Uint8Array, metadata: Metadata): string | undefined {
  return expectedChecksum(metadata) === undefined ? undefined : findMismatch(crc32(bytes), metadata)
}

/** The same for bytes that went by as a stream, of which the CRC-32 is left. */
export function findMismatch(actual: number, metadata: Metadata): string | undefined {
  const expected = expectedChecksum(metadata)
  if (expected === undefined || actual === expected) return undefined
  return `the body has crc32 ${hex(actual)}, its metadata says ${hex(expected)}`
}

/** Refuses what can be no key: empty, over 1,024 bytes, not Unicode. It is the caller who is wrong. */
export function checkKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > maxKeyBytes || /\p{Surrogate}/u.test(key)) {
    throw new TypeError(`Not a key: ${JSON.stringify(key.slice(0, 80))}`)
  }
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
