import { encodeFlatJpeg, jpegSegments, segment, withSegments } from '../oddities/jpeg.ts'
import { latin1, repeat, u16 } from './bits.ts'
import type { Maker } from './hostile-file.ts'

const good = (): Buffer => encodeFlatJpeg({ columns: 12, rows: 8, valuesAt: (column) => [100 + column] })

/** A good JPEG that says it has other sides. */
function claiming(width: number, height: number, marker = 0xc0): Buffer {
  const file = good()
  const at = file.indexOf(Buffer.from([0xff, 0xc0]))
  file[at + 1] = marker
  file.writeUInt16BE(height, at + 5)
  file.writeUInt16BE(width, at + 7)
  return file
}

const TABLES = [
  segment(0xdb, Buffer.from([0, ...Array.from({ length: 64 }, () => 1)])),
  // One DC code and two AC codes: the end of 32,767 blocks, and that of one.
  segment(0xc4, Buffer.from([0x00, 1, ...Buffer.alloc(15), 0])),
  segment(0xc4, Buffer.from([0x10, 0, 2, ...Buffer.alloc(14), 0xe0, 0x00])),
]

/** A progressive grey JPEG, each of whose scans goes over all of its blocks and says nothing of them. */
function scans(side: number, count: number): Buffer {
  const frame = segment(
    0xc2,
    Buffer.concat([Buffer.from([8]), u16(side), u16(side), Buffer.from([1, 1, 0x11, 0])]),
  )
  const first = Buffer.concat([
    segment(0xda, Buffer.from([1, 1, 0, 0, 0, 0])),
    Buffer.alloc(Math.ceil(Math.ceil(side / 8) ** 2 / 8)),
  ])
  const empty = Buffer.concat([
    segment(0xda, Buffer.from([1, 1, 0, 1, 63, 0])),
    endsOfBlocks(Math.ceil(side / 8) ** 2),
  ])
  return Buffer.concat([
    latin1('\xff\xd8'),
    ...TABLES,
    frame,
    first,
    repeat(empty, count),
    latin1('\xff\xd9'),
  ])
}

/** Runs of 32,767 blocks of nothing (T.81 §G.1.2.2): a code of two bits, then fourteen bits of ones. */
function endsOfBlocks(blocks: number): Buffer {
  return repeat(Buffer.from([0x3f, 0xff, 0x00]), Math.ceil(blocks / 32_767))
}

/** A profile in as many parts as there can be. */
function profileParts(): Buffer[] {
  return Array.from({ length: 255 }, (_, part) =>
    segment(
      0xe2,
      Buffer.concat([latin1('ICC_PROFILE\0'), Buffer.from([part + 1, 255]), Buffer.alloc(65_000, 1)]),
    ),
  )
}

/** EXIF of one directory that is followed by itself. */
const LOOP = Buffer.concat([
  latin1('II*\0\x08\0\0\0'),
  latin1('\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0'),
  latin1('\x08\0\0\0'),
])

/** JPEGs that are more than they seem. */
export const jpegBombs: readonly Maker[] = [
  ['sides of 65,535', () => claiming(65_535, 65_535)],
  ['the longest sides that decoders take', () => claiming(65_500, 65_500)],
  ['a hundred megapixels that are not there', () => claiming(10_000, 10_000)],
  ['a hundred progressive megapixels that are not there', () => claiming(10_000, 10_000, 0xc2)],
  ['no height until its end', () => claiming(96, 0)],
  ['no width', () => claiming(0, 64)],
  ['ten scans of a hundred megapixels', () => scans(10_000, 10)],
  ['a thousand scans of a hundred megapixels', () => scans(10_000, 1_000)],
  ['ten thousand scans of four megapixels', () => scans(2_000, 10_000)],
  ['a profile of sixteen megabytes', () => withSegments(good(), profileParts())],
  [
    'a profile whose parts are all the first',
    () =>
      withSegments(
        good(),
        Array.from({ length: 255 }, () => jpegSegments.profile(Buffer.alloc(65_000))),
      ),
  ],
  ['EXIF that leads to itself', () => withSegments(good(), [jpegSegments.exif(LOOP)])],
  [
    'EXIF of 5,000 entries',
    () =>
      withSegments(good(), [
        jpegSegments.exif(
          Buffer.concat([
            latin1('II*\0\x08\0\0\0\x88\x13'),
            repeat(latin1('\x0f\x01\x02\0\xff\xff\xff\xff\x08\0\0\0'), 5_000),
          ]),
        ),
      ]),
  ],
  [
    'forty megabytes of XMP',
    () =>
      withSegments(good(), [
        repeat(
          segment(
            0xe1,
            Buffer.concat([latin1('http://ns.adobe.com/xmp/extension/\0'), Buffer.alloc(65_000, 60)]),
          ),
          610,
        ),
      ]),
  ],
  ['a million comments', () => withSegments(good(), [repeat(jpegSegments.comment(''), 1_000_000)])],
  [
    'a million tables',
    () => withSegments(good(), [repeat(segment(0xdb, Buffer.from([0, ...Buffer.alloc(64, 1)])), 400_000)]),
  ],
  ['forty megabytes of fill bytes', () => withSegments(good(), [Buffer.alloc(40_000_000, 0xff)])],
  ['its beginning a million times', () => repeat(latin1('\xff\xd8'), 1_000_000)],
]
