import { deflateRawSync } from 'node:zlib'

/** A number of two bytes, the high one first. */
export const u16 = (value: number) => sized(2, (bytes) => bytes.writeUInt16BE(value))
/** A number of four bytes, the high one first. */
export const u32 = (value: number) => sized(4, (bytes) => bytes.writeUInt32BE(value))
/** A number of two bytes, the low one first. */
export const le16 = (value: number) => sized(2, (bytes) => bytes.writeUInt16LE(value))
/** A number of three bytes, the low one first. */
export const le24 = (value: number) => sized(3, (bytes) => bytes.writeUIntLE(value, 0, 3))
/** A number of four bytes, the low one first. */
export const le32 = (value: number) => sized(4, (bytes) => bytes.writeUInt32LE(value))
export const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** The same bytes so many times. */
export function repeat(bytes: Uint8Array, times: number): Buffer {
  return Buffer.alloc(bytes.length * times, bytes)
}

const STRETCH = 1024 * 1024

/** A zlib stream of so many megabytes of nothing, a thousandth as long: its blocks are the same again and again. */
export function zlibOfNothing(megabytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(STRETCH), { level: 9, finishFlush: 2 })
  // RFC 1950: of zeros the first sum of the checksum stays 1, and the second counts them.
  const checksum = ((((megabytes * STRETCH) % 65_521) * 65_536) | 1) >>> 0
  return Buffer.concat([
    Buffer.from([0x78, 0xda]),
    repeat(block, megabytes),
    // A last block, empty, of fixed codes.
    Buffer.from([3, 0]),
    u32(checksum),
  ])
}

function sized(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length)
  write(bytes)
  return bytes
}
