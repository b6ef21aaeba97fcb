/** Formats whose files say their sides at a known place. */
export type SidedFormat = 'jpg' | 'png' | 'webp' | 'avif' | 'gif'

/** What a file says of itself. Nobody has checked it: it is good for an estimate alone. */
export interface PictureSides {
  readonly format: SidedFormat
  readonly width: number
  readonly height: number
  readonly frames: number
}

/** AVIF says its sides in its first boxes. */
const AVIF_HEAD_BYTES = 65_536
/** Beyond so many an estimate is large enough. */
const MAX_FRAMES = 100_000

/** Reads the sides that a file claims, without decoding any of it; `undefined` where there are none to be found. */
export function readSides(file: Uint8Array): PictureSides | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length < 32) return undefined
  const sides = READERS.find(({ magic, at }) => bytes.toString('latin1', at, at + magic.length) === magic)
  const found = sides?.read(bytes)
  if (sides === undefined || found === undefined || found.width * found.height === 0) return undefined
  return { format: sides.format, frames: 1, ...found }
}

type Found = Omit<PictureSides, 'format' | 'frames'> & { readonly frames?: number }

const READERS: readonly {
  readonly format: SidedFormat
  readonly magic: string
  readonly at: number
  readonly read: (bytes: Buffer) => Found | undefined
}[] = [
  { format: 'jpg', magic: '\xff\xd8\xff', at: 0, read: readJpeg },
  {
    format: 'png',
    magic: '\x89PNG\r\n\x1a\n',
    at: 0,
    read: (bytes) => ({ width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }),
  },
  {
    format: 'gif',
    magic: 'GIF8',
    at: 0,
    // Each frame has a graphic control extension, but for some that were made before there were animations.
    read: (bytes) => ({
      width: bytes.readUInt16LE(6),
      height: bytes.readUInt16LE(8),
      frames: count(bytes, '\x21\xf9\x04'),
    }),
  },
  { format: 'webp', magic: 'WEBP', at: 8, read: readWebp },
  { format: 'avif', magic: 'ftyp', at: 4, read: readAvif },
]

/** The frame header: SOF0 to SOF15, but for DHT, JPG and DAC among them. */
function readJpeg(bytes: Buffer): Found | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes.readUInt8(at + 1)
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
    // Markers may be filled up with 0xff.
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2)
  }
  return undefined
}

function readWebp(bytes: Buffer): Found | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return {
        width: bytes.readUIntLE(24, 3) + 1,
        height: bytes.readUIntLE(27, 3) + 1,
        frames: count(bytes, 'ANMF'),
      }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    default:
      return undefined
  }
}

/** The largest of the items: a picture may be put together of tiles, and has a thumbnail or a mask beside it. */
function readAvif(bytes: Buffer): Found | undefined {
  let largest: Found | undefined
  const head = bytes.subarray(0, AVIF_HEAD_BYTES)
  for (
    let at = head.indexOf('ispe');
    at !== -1 && at + 16 <= head.length;
    at = head.indexOf('ispe', at + 4)
  ) {
    const found = { width: head.readUInt32BE(at + 8), height: head.readUInt32BE(at + 12) }
    if (largest === undefined || found.width * found.height > largest.width * largest.height) largest = found
  }
  return largest
}

function count(bytes: Buffer, mark: string): number {
  const pattern = Buffer.from(mark, 'latin1')
  let frames = 0
  for (let at = bytes.indexOf(pattern); at !== -1 && frames < MAX_FRAMES; at = bytes.indexOf(pattern, at + 1))
    frames += 1
  return Math.max(1, frames)
}
