import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createCrc32c, createCrc64Nvme } from './table-crc.ts'

/** A digest in the making. */
export interface Checksum {
  update(chunk: Uint8Array): void
  digest(): Buffer
}

/** The checksums that S3 knows; a header or trailer `x-amz-checksum-{name}` carries the digest in base64. */
const ALGORITHMS = {
  crc32: { bytes: 4, create: createCrc32 },
  crc32c: { bytes: 4, create: createCrc32c },
  crc64nvme: { bytes: 8, create: createCrc64Nvme },
  sha1: { bytes: 20, create: () => createHashChecksum('sha1') },
  sha256: { bytes: 32, create: () => createHashChecksum('sha256') },
} as const satisfies Record<string, { bytes: number; create: () => Checksum }>

export type ChecksumName = keyof typeof ALGORITHMS

/** The names, in S3's lower case. */
export const CHECKSUM_NAMES: readonly ChecksumName[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

/** Begins a checksum. */
export function createChecksum(name: ChecksumName): Checksum {
  return ALGORITHMS[name].create()
}

/** The algorithm of a header or trailer `x-amz-checksum-…`; `undefined` when it is none that is known. */
export function checksumOfHeader(header: string): ChecksumName | undefined {
  return CHECKSUM_NAMES.find((name) => header === `x-amz-checksum-${name}`)
}

/** Whether a text can be a checksum of that algorithm: base64 of the right number of bytes. */
export function isChecksumValue(name: ChecksumName, value: string): boolean {
  return isBase64(value, ALGORITHMS[name].bytes)
}

/** Whether a text is that many bytes in base64, as an encoder writes them. */
export function isBase64(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === bytes && decoded.toString('base64') === text
}

function createCrc32(): Checksum {
  let value = 0
  return {
    update(chunk) {
      value = crc32(chunk, value)
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    },
  }
}

function createHashChecksum(algorithm: string): Checksum {
  const hash = createHash(algorithm)
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() }
}
