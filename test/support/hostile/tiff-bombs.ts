import { directory, type Entry } from '../oddities/exif.ts'
import { latin1, le32, repeat, zlibOfNothing } from './bits.ts'
import type { Maker } from './hostile-file.ts'

/** What a picture of bytes says of itself; what is not said is a grey one of 8 bits in one strip. */
interface Claims {
  readonly width: number
  readonly height: number
  readonly bits?: readonly number[]
  readonly compression?: number
  readonly photometric?: number
  readonly samples?: number
  readonly rowsPerStrip?: number
  /** Entries beside those; a strip's place is `at`. */
  readonly more?: (at: number, bytes: number) => readonly Entry[]
}

/** A TIFF of one directory and one stretch of bytes, which may say what it likes. */
function tiff(claims: Claims, data: Uint8Array): Buffer {
  const laidOut = (at: number) => directory(8, entriesOf(claims, at, data.length))
  const head = latin1('II*\0\x08\0\0\0')
  return Buffer.concat([head, laidOut(8 + laidOut(0).length), data])
}

function entriesOf(claims: Claims, at: number, bytes: number): Entry[] {
  const {
    width,
    height,
    bits = [8],
    compression = 1,
    photometric = 1,
    samples = 1,
    rowsPerStrip = height,
    more,
  } = claims
  const own: Entry[] = [
    { tag: 0x100, type: 'long', value: [width] },
    { tag: 0x101, type: 'long', value: [height] },
    { tag: 0x102, type: 'short', value: bits },
    { tag: 0x103, type: 'short', value: [compression] },
    { tag: 0x106, type: 'short', value: [photometric] },
    { tag: 0x111, type: 'long', value: [at] },
    { tag: 0x115, type: 'short', value: [samples] },
    { tag: 0x116, type: 'long', value: [rowsPerStrip] },
    { tag: 0x117, type: 'long', value: [bytes] },
  ]
  const extra = more?.(at, bytes) ?? []
  return [...own.filter(({ tag }) => !extra.some((entry) => entry.tag === tag)), ...extra]
}

const DEFLATE = 8

/** One tile of these sides, around or far beyond the picture. */
const tile =
  (width: number, length: number) =>
  (at: number, bytes: number): Entry[] => [
    { tag: 0x142, type: 'long', value: [width] },
    { tag: 0x143, type: 'long', value: [length] },
    { tag: 0x144, type: 'long', value: [at] },
    { tag: 0x145, type: 'long', value: [bytes] },
  ]

/** Strips of one row, all of them the same bytes. */
const oneRowStrips =
  (rows: number) =>
  (at: number, bytes: number): Entry[] => [
    { tag: 0x111, type: 'long', value: Array.from({ length: rows }, () => at) },
    { tag: 0x117, type: 'long', value: Array.from({ length: rows }, () => bytes) },
  ]

/** Directories one after the other; each names the next, and the last the one that is given. */
function directories(count: number, last: number): Buffer {
  const one = directory(0, entriesOf({ width: 1, height: 1 }, 8, 1))
  const all = repeat(one, count)
  for (let index = 0; index < count; index += 1) {
    const next = index === count - 1 ? last : 8 + (index + 1) * one.length
    all.writeUInt32LE(next, (index + 1) * one.length - 4)
  }
  return Buffer.concat([latin1('II*\0\x08\0\0\0'), all])
}

const PIXELS = Buffer.alloc(64 * 64, 100)
const SMALL = { width: 64, height: 64 }

/** TIFFs that are more than they seem. */
export const tiffBombs: readonly Maker[] = [
  ['sides of 2³² − 1', () => tiff({ width: 0xffffffff, height: 0xffffffff }, PIXELS)],
  ['sides of 65,535', () => tiff({ width: 65_535, height: 65_535 }, PIXELS)],
  ['no sides', () => tiff({ width: 0, height: 0 }, PIXELS)],
  ['a hundred megapixels that are not there', () => tiff({ width: 10_000, height: 10_000 }, PIXELS)],
  [
    'a hundred megapixels in one packed strip',
    () => tiff({ width: 10_000, height: 10_000, compression: DEFLATE }, zlibOfNothing(96)),
  ],
  [
    'a hundred megapixels of 8 bytes in one packed strip',
    () =>
      tiff(
        {
          width: 10_000,
          height: 10_000,
          compression: DEFLATE,
          samples: 4,
          bits: [16, 16, 16, 16],
          photometric: 2,
        },
        zlibOfNothing(763),
      ),
  ],
  [
    'a strip of four gigabytes',
    () => tiff({ ...SMALL, more: () => [{ tag: 0x117, type: 'long', value: [0xffffffff] }] }, PIXELS),
  ],
  [
    'a strip that is elsewhere',
    () => tiff({ ...SMALL, more: () => [{ tag: 0x111, type: 'long', value: [0xfffffff0] }] }, PIXELS),
  ],
  [
    'a hundred thousand strips that are one',
    () =>
      tiff(
        { width: 64, height: 100_000, rowsPerStrip: 1, more: oneRowStrips(100_000) },
        PIXELS.subarray(0, 64),
      ),
  ],
  [
    'a million strips that are one',
    () =>
      tiff(
        { width: 64, height: 1_000_000, rowsPerStrip: 1, more: oneRowStrips(1_000_000) },
        PIXELS.subarray(0, 64),
      ),
  ],
  [
    'a tile of a gigapixel for a small picture',
    () => tiff({ ...SMALL, compression: DEFLATE, more: tile(32_000, 32_000) }, zlibOfNothing(977)),
  ],
  [
    'a tile of 400 megapixels in colour for a small picture',
    () =>
      tiff(
        {
          ...SMALL,
          compression: DEFLATE,
          samples: 4,
          bits: [8, 8, 8, 8],
          photometric: 2,
          more: tile(20_000, 20_000),
        },
        zlibOfNothing(1_526),
      ),
  ],
  ['a tile of a line of 2³⁰', () => tiff({ ...SMALL, more: tile(2 ** 30, 16) }, PIXELS)],
  [
    'rows of a strip without end',
    () => tiff({ ...SMALL, rowsPerStrip: 0xffffffff, compression: DEFLATE }, zlibOfNothing(1024)),
  ],
  [
    'sixty thousand samples a pixel',
    () => tiff({ ...SMALL, samples: 60_000, bits: Array.from({ length: 60_000 }, () => 8) }, PIXELS),
  ],
  [
    'a thousand samples a pixel, packed',
    () =>
      tiff(
        {
          width: 1_000,
          height: 1_000,
          samples: 1_000,
          bits: Array.from({ length: 1_000 }, () => 8),
          compression: DEFLATE,
        },
        zlibOfNothing(954),
      ),
  ],
  [
    'samples of 64 bits',
    () =>
      tiff(
        { width: 64, height: 8, bits: [64], more: () => [{ tag: 0x153, type: 'short', value: [3] }] },
        PIXELS,
      ),
  ],
  [
    'complex samples',
    () =>
      tiff(
        { width: 64, height: 4, bits: [128], more: () => [{ tag: 0x153, type: 'short', value: [6] }] },
        PIXELS,
      ),
  ],
  ['samples of 65,535 bits', () => tiff({ ...SMALL, bits: [65_535] }, PIXELS)],
  ['a directory that leads to itself', () => directories(1, 8)],
  ['a thousand directories that lead to the first', () => directories(1_000, 8)],
  ['a hundred thousand directories', () => directories(100_000, 0)],
  [
    'a directory of 65,535 entries',
    () =>
      Buffer.concat([
        latin1('II*\0\x08\0\0\0\xff\xff'),
        repeat(latin1('\x00\x01\x04\0\x01\0\0\0\x40\0\0\0'), 65_535),
        le32(0),
      ]),
  ],
  [
    'EXIF that leads to itself',
    () => tiff({ ...SMALL, more: () => [{ tag: 0x8769, type: 'long', value: [8] }] }, PIXELS),
  ],
  [
    'sub-directories that lead to itself',
    () => tiff({ ...SMALL, more: () => [{ tag: 0x14a, type: 'long', value: [8, 8, 8] }] }, PIXELS),
  ],
  [
    'a profile of forty megabytes',
    () =>
      tiff(
        { ...SMALL, more: () => [{ tag: 0x8773, type: 'undefined', value: Buffer.alloc(40_000_000, 1) }] },
        PIXELS,
      ),
  ],
  [
    'forty megabytes of XMP',
    () =>
      tiff(
        { ...SMALL, more: () => [{ tag: 0x2bc, type: 'byte', value: Buffer.alloc(40_000_000, 60) }] },
        PIXELS,
      ),
  ],
  ...[2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34661, 34712, 34887, 34925, 50000, 50001, 50002].map(
    (compression): Maker => [
      `pixels that are not packed by method ${compression}`,
      () => tiff({ ...SMALL, compression }, PIXELS),
    ],
  ),
]
