import { encodeGif } from '../oddities/gif.ts'
import { latin1, le16, repeat } from './bits.ts'
import type { Maker } from './hostile-file.ts'

const PALETTE = [
  [0, 0, 0],
  [255, 255, 255],
  [200, 0, 0],
  [0, 0, 200],
] as const
const dot = encodeGif({
  width: 1,
  height: 1,
  palette: PALETTE,
  loop: 0,
  frames: [{ width: 1, height: 1, indexAt: () => 1 }],
})
/** Head, palette and loop; what follows is frames. */
const HEAD_BYTES = 13 + 12 + 19
const TRAILER = latin1('\x3b')

/** An animation of one frame again and again. */
function frames(width: number, height: number, count: number): Buffer {
  const one = encodeGif({
    width,
    height,
    palette: PALETTE,
    loop: 0,
    frames: [{ width, height, indexAt: (x, y) => (x + y) % 4, delayMs: 20 }],
  })
  return Buffer.concat([one.subarray(0, HEAD_BYTES), repeat(one.subarray(HEAD_BYTES, -1), count), TRAILER])
}

/** A good GIF whose screen claims other sides, and maybe its frame, too. */
function claiming(
  width: number,
  height: number,
  frame?: readonly [left: number, top: number, width: number, height: number],
): Buffer {
  const file = Buffer.from(dot)
  le16(width).copy(file, 6)
  le16(height).copy(file, 8)
  frame?.forEach((value, index) => le16(value).copy(file, HEAD_BYTES + 8 + 1 + index * 2))
  return file
}

/** GIFs that are more than they seem. */
export const gifBombs: readonly Maker[] = [
  ['a screen of 65,535', () => claiming(65_535, 65_535)],
  ['a screen of a hundred megapixels around one pixel', () => claiming(10_000, 10_000)],
  ['no screen', () => claiming(0, 0)],
  ['a frame of 65,535 on a screen of one pixel', () => claiming(1, 1, [0, 0, 65_535, 65_535])],
  [
    'a frame of a hundred megapixels that are not there',
    () => claiming(10_000, 10_000, [0, 0, 10_000, 10_000]),
  ],
  ['a frame far outside', () => claiming(8, 8, [60_000, 60_000, 1, 1])],
  ['a hundred thousand frames of one pixel', () => frames(1, 1, 100_000)],
  ['a hundred thousand frames of 900 pixels', () => frames(30, 30, 100_000)],
  ['ten thousand frames of 10,000 pixels', () => frames(100, 100, 10_000)],
  ['a million frames of one pixel', () => frames(1, 1, 1_000_000)],
  [
    'a million comments',
    () =>
      Buffer.concat([
        dot.subarray(0, HEAD_BYTES),
        repeat(latin1('\x21\xfe\0'), 1_000_000),
        dot.subarray(HEAD_BYTES),
      ]),
  ],
  [
    'a comment of forty megabytes',
    () =>
      Buffer.concat([
        dot.subarray(0, HEAD_BYTES),
        latin1('\x21\xfe'),
        repeat(Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 65)]), 160_000),
        latin1('\0'),
        dot.subarray(HEAD_BYTES),
      ]),
  ],
  ['no end', () => dot.subarray(0, -1)],
  [
    'codes without a palette',
    () =>
      Buffer.concat([
        latin1('GIF89a\x08\0\x08\0\0\0\0'),
        latin1('\x2c\0\0\0\0\x08\0\x08\0\0\x0c\x04\xff\xff\xff\xff\0;'),
      ]),
  ],
]
