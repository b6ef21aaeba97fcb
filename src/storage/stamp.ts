import { crc32 } from 'node:zlib'

const ownStamp = /^v=1;crc32=([0-9a-f]{8})(?:;|$)/
const metadataName = /^[a-z0-9-]+$/
const visibleAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
/** The longest key that S3 takes, in bytes of UTF-8. */
export const maxKeyBytes = 1024

type Metadata = Readonly<Record<string, string>>

/** The metadata to store with an object: the caller's, and `halftone` with the checksum of the bytes. */
export function stampMetadata(bytes: Uint8Array, metadata: Metadata = {}): Record<string, string> {
  for (const [name, value] of Object.entries(metadata)) {
    if (!metadataName.test(name)) throw new TypeError(`Metadata name ${JSON.stringify(name)} is not allowed`)
    if (!visibleAscii.test(value)) throw new TypeError(`Metadata ${name} is not visible ASCII`)
  }
  // Metadata copied from an object that was read has an older stamp already.
  const callers = metadata['halftone']?.replace(ownStamp, '')
  const stamp = `v=1;crc32=${checksum(bytes)}`
  return { ...metadata, halftone: callers ? `${stamp};${callers}` : stamp }
}

/** Whether an object with this metadata was written by Halftone. */
export function isStamped(metadata: Metadata): boolean {
  return ownStamp.test(metadata['halftone'] ?? '')
}

/** What is wrong with an object's bytes by the checksum in its metadata; `undefined` when nothing, or when it has none. */
export function findCorruption(bytes: Uint8Array, metadata: Metadata): string | undefined {
  const expected = ownStamp.exec(metadata['halftone'] ?? '')?.[1]
  if (expected === undefined) return undefined
  const actual = checksum(bytes)
  return actual === expected ? undefined : `the body has crc32 ${actual}, its metadata says ${expected}`
}

/** Refuses what can be no key: empty, over 1,024 bytes, not Unicode. It is the caller who is wrong. */
export function checkKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > maxKeyBytes || /\p{Surrogate}/u.test(key)) {
    throw new TypeError(`Not a key: ${JSON.stringify(key.slice(0, 80))}`)
  }
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
