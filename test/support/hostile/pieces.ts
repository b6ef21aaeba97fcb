import { crc32 } from 'node:zlib'
import { u32, le32 } from './bits.ts'
import type { Format } from './hostile-file.ts'

/** A chunk, segment, box, element or the like: what a format is made of. */
export type Piece = Buffer

interface Pieces {
  readonly head: Buffer
  readonly pieces: readonly Piece[]
  /** What does not read as pieces any more. */
  readonly tail: Buffer
}

/** The length of the piece at this place; `undefined` where there is none. */
type Measure = (bytes: Buffer, at: number) => number | undefined

interface Grammar {
  readonly headBytes: number
  readonly measure: Measure
}

const holds = (bytes: Buffer, at: number, length: number) => at + length <= bytes.length

const GRAMMARS: Readonly<Record<Exclude<Format, 'svg'>, Grammar>> = {
  jpeg: {
    headBytes: 2,
    measure: (bytes, at) =>
      holds(bytes, at, 4) && bytes[at] === 0xff && bytes[at + 1] !== 0xda
        ? 2 + bytes.readUInt16BE(at + 2)
        : undefined,
  },
  png: {
    headBytes: 8,
    measure: (bytes, at) => (holds(bytes, at, 12) ? 12 + bytes.readUInt32BE(at) : undefined),
  },
  webp: {
    headBytes: 12,
    measure: (bytes, at) => (holds(bytes, at, 8) ? 8 + even(bytes.readUInt32LE(at + 4)) : undefined),
  },
  avif: {
    headBytes: 0,
    measure: (bytes, at) => (holds(bytes, at, 8) ? Math.max(8, bytes.readUInt32BE(at)) : undefined),
  },
  // Behind the head and its palette of sixteen colours.
  gif: { headBytes: 13 + 48, measure: gifBlock },
  // Entries of the directory, where it stands at the beginning.
  tiff: {
    headBytes: 10,
    measure: (bytes, at) => (at < 10 + 12 * 10 && holds(bytes, at, 12) ? 12 : undefined),
  },
}

/** A file taken apart, as far as it can be; pieces and what is around them are all of its bytes. */
export function piecesOf(format: Format, bytes: Buffer): Pieces {
  if (format === 'svg') return tagsOf(bytes)
  const { headBytes, measure } = GRAMMARS[format]
  const pieces: Piece[] = []
  let at = Math.min(headBytes, bytes.length)
  for (let length = measure(bytes, at); length !== undefined; length = measure(bytes, at)) {
    if (!holds(bytes, at, length)) break
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return { head: bytes.subarray(0, headBytes), pieces, tail: bytes.subarray(at) }
}

function tagsOf(bytes: Buffer): Pieces {
  const tags = bytes.toString('latin1').match(/<[^>]*>?|[^<]+/g) ?? []
  return {
    head: Buffer.alloc(0),
    pieces: tags.map((tag) => Buffer.from(tag, 'latin1')),
    tail: Buffer.alloc(0),
  }
}

const even = (length: number) => length + (length % 2)

/** An extension or a frame, with the blocks of data behind it (GIF89a §15, §20 and §23). */
function gifBlock(bytes: Buffer, at: number): number | undefined {
  const kind = bytes[at]
  if (kind !== 0x21 && kind !== 0x2c) return undefined
  let end = at + (kind === 0x21 ? 2 : 11)
  for (let length = bytes[end]; length !== undefined && length > 0; length = bytes[end]) end += 1 + length
  return end + 1 - at
}

/** Makes checksums and lengths true again, so that what was done gets past the first look. */
export function mend(format: Format, bytes: Buffer): Buffer {
  if (format === 'png') return mendPng(bytes)
  if (format !== 'webp' || bytes.length < 12) return bytes
  return Buffer.concat([bytes.subarray(0, 4), le32(bytes.length - 8), bytes.subarray(8)])
}

function mendPng(bytes: Buffer): Buffer {
  const { head, pieces, tail } = piecesOf('png', bytes)
  const mended = pieces.map((piece) => {
    const body = piece.subarray(0, piece.length - 4)
    return Buffer.concat([body, u32(crc32(body.subarray(4)))])
  })
  return Buffer.concat([head, ...mended, tail])
}
