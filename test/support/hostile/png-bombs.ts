import { deflateSync } from 'node:zlib'
import { pngChunk, pngFile } from '../oddities/png.ts'
import { latin1, repeat, u16, u32, zlibOfNothing } from './bits.ts'
import type { Maker } from './hostile-file.ts'

type Header = Parameters<typeof pngFile>[0]

const grey = (width: number, height: number): Header => ({ width, height, bitDepth: 8, colourType: 0 })
const idat = (bytes: Uint8Array) => pngChunk('IDAT', bytes)
const PIXEL = idat(deflateSync(Buffer.from([0, 128])))
const dot = (...chunks: readonly Buffer[]) => pngFile(grey(1, 1), [...chunks, PIXEL])
/** A chunk that unpacks to so many megabytes. */
const packed = (type: string, megabytes: number) =>
  pngChunk(type, Buffer.concat([latin1('name\0\0'), zlibOfNothing(megabytes)]))

/** An animation of so many frames, each one pixel. */
function frames(count: number): Buffer {
  const pixel = deflateSync(Buffer.from([0, 7]))
  const control = (sequence: number) =>
    pngChunk(
      'fcTL',
      Buffer.concat([u32(sequence), u32(1), u32(1), u32(0), u32(0), u16(1), u16(10), Buffer.from([0, 0])]),
    )
  const later = Array.from({ length: count - 1 }, (_, index) =>
    Buffer.concat([control(index * 2 + 1), pngChunk('fdAT', Buffer.concat([u32(index * 2 + 2), pixel]))]),
  )
  return dot(pngChunk('acTL', Buffer.concat([u32(count), u32(0)])), control(0), Buffer.concat(later))
}

/** PNGs that are more than they seem. */
export const pngBombs: readonly Maker[] = [
  ['sides of 2³¹ − 1', () => pngFile(grey(0x7fffffff, 0x7fffffff), [PIXEL])],
  [
    'sides of 65,535 and no pixels',
    () => pngFile(grey(65_535, 65_535), [idat(deflateSync(Buffer.alloc(0)))]),
  ],
  ['sides of nothing', () => pngFile(grey(0, 0), [PIXEL])],
  ['a line of 2³¹ − 1', () => pngFile(grey(0x7fffffff, 1), [PIXEL])],
  [
    'a gigapixel in a megabyte',
    () => pngFile({ ...grey(32_000, 32_000), colourType: 2 }, [idat(zlibOfNothing(2_930))]),
  ],
  [
    'a hundred megapixels of 8 bytes each',
    () => pngFile({ width: 10_000, height: 9_999, bitDepth: 16, colourType: 6 }, [idat(zlibOfNothing(763))]),
  ],
  [
    'the same, interlaced',
    () =>
      pngFile({ width: 10_000, height: 9_999, bitDepth: 16, colourType: 6, interlaced: true }, [
        idat(zlibOfNothing(763)),
      ]),
  ],
  ['a line of a hundred megapixels', () => pngFile(grey(100_000_000, 1), [idat(zlibOfNothing(96))])],
  ['a column of ten megapixels', () => pngFile(grey(1, 10_000_000), [idat(zlibOfNothing(20))])],
  ['pixels that go on for a gigabyte', () => pngFile(grey(8, 8), [idat(zlibOfNothing(1024))])],
  ['a profile of a gigabyte', () => dot(packed('iCCP', 1024))],
  [
    'a profile in a profile',
    () =>
      dot(
        pngChunk('iCCP', Buffer.concat([latin1('name\0\0'), deflateSync(deflateSync(zlibOfNothing(1024)))])),
      ),
  ],
  ['a text of a gigabyte', () => dot(packed('zTXt', 1024))],
  ['a hundred texts of eight megabytes', () => dot(...Array.from({ length: 100 }, () => packed('zTXt', 8)))],
  [
    'forty megabytes of EXIF',
    () => dot(pngChunk('eXIf', Buffer.concat([latin1('II*\0\x08\0\0\0'), Buffer.alloc(40_000_000, 1)]))),
  ],
  [
    'forty megabytes of XMP',
    () =>
      dot(
        pngChunk(
          'iTXt',
          Buffer.concat([latin1('XML:com.adobe.xmp\0\0\0\0\0'), Buffer.alloc(40_000_000, 60)]),
        ),
      ),
  ],
  [
    'a hundred thousand empty pieces of pixels',
    () => pngFile(grey(1, 1), [repeat(idat(Buffer.alloc(0)), 100_000), PIXEL]),
  ],
  ['a million chunks that nobody knows', () => dot(repeat(pngChunk('aaAa', Buffer.alloc(0)), 1_000_000))],
  ['a hundred thousand texts', () => dot(repeat(pngChunk('tEXt', latin1('name\0text')), 100_000))],
  ['a hundred thousand frames', () => frames(100_000)],
  [
    'a palette of nothing',
    () => pngFile({ ...grey(1, 1), colourType: 3 }, [pngChunk('PLTE', Buffer.alloc(0)), PIXEL]),
  ],
  ['two headers', () => dot(pngFile(grey(9_999, 9_999), []).subarray(8, 33))],
  ['a chunk of 4 GB', () => Buffer.concat([dot().subarray(0, 33), u32(0xffffffff), latin1('IDAT')])],
]
