import sharp from 'sharp'
import { riff, webpChunk } from '../oddities/webp.ts'
import { latin1, le24, le32, repeat } from './bits.ts'
import type { Maker } from './hostile-file.ts'
import { animatedWebp } from './seeds.ts'

/** One pixel without loss, as a chunk. */
const PIXEL = (
  await sharp({ create: { width: 1, height: 1, channels: 3, background: '#305070' } })
    .webp({ lossless: true })
    .toBuffer()
).subarray(12)
const canvas = (flags: number, width: number, height: number) =>
  webpChunk('VP8X', Buffer.concat([Buffer.from([flags, 0, 0, 0]), le24(width - 1), le24(height - 1)]))

/** A picture without loss that claims sides and has hardly any bits. */
function lossless(width: number, height: number): Buffer {
  return webpChunk(
    'VP8L',
    Buffer.concat([latin1('/'), le32(((width - 1) | ((height - 1) << 14)) >>> 0), Buffer.alloc(40)]),
  )
}

/** A key frame of lossy pixels that claims sides and has no bits. */
function lossy(width: number, height: number): Buffer {
  const head = Buffer.from([
    0x10,
    0x02,
    0x00,
    0x9d,
    0x01,
    0x2a,
    width & 255,
    width >> 8,
    height & 255,
    height >> 8,
  ])
  return webpChunk('VP8 ', Buffer.concat([head, Buffer.alloc(600)]))
}

/** An animation of one pixel on a canvas, so many times. */
function frames(count: number, side = 1): Buffer {
  const frame = animatedWebp([PIXEL], { width: 1, height: 1 }).subarray(12 + 18 + 14)
  return riff([canvas(0x02, side, side), webpChunk('ANIM', Buffer.alloc(6)), repeat(frame, count)])
}

/** WebPs that are more than they seem. */
export const webpBombs: readonly Maker[] = [
  ['a canvas of 16,777,216', () => riff([canvas(0, 16_777_216, 16_777_216), PIXEL])],
  ['a canvas of 16,383', () => riff([canvas(0, 16_383, 16_383), PIXEL])],
  ['a canvas of a hundred megapixels around one pixel', () => riff([canvas(0, 10_000, 10_000), PIXEL])],
  ['an animation on a canvas of a hundred megapixels', () => frames(1, 10_000)],
  ['a hundred frames on a canvas of a megapixel', () => frames(100, 1_000)],
  ['lossless sides of 16,384', () => riff([lossless(16_384, 16_384)])],
  ['a hundred lossless megapixels that are nothing', () => riff([lossless(10_000, 10_000)])],
  ['lossy sides of 16,383', () => riff([lossy(16_383, 16_383)])],
  ['a hundred lossy megapixels that are nothing', () => riff([lossy(10_000, 10_000)])],
  ['a hundred thousand frames', () => frames(100_000)],
  ['a million frames', () => frames(1_000_000)],
  [
    'a profile of forty megabytes',
    () => riff([canvas(0x20, 1, 1), webpChunk('ICCP', Buffer.alloc(40_000_000, 1)), PIXEL]),
  ],
  [
    'forty megabytes of EXIF',
    () => riff([canvas(0x08, 1, 1), PIXEL, webpChunk('EXIF', Buffer.alloc(40_000_000, 73))]),
  ],
  [
    'forty megabytes of XMP',
    () => riff([canvas(0x04, 1, 1), PIXEL, webpChunk('XMP ', Buffer.alloc(40_000_000, 60))]),
  ],
  [
    'a million chunks that nobody knows',
    () => riff([canvas(0, 1, 1), repeat(webpChunk('ABCD', Buffer.alloc(0)), 1_000_000), PIXEL]),
  ],
  ['a chunk of 4 GB', () => riff([canvas(0, 1, 1), Buffer.concat([latin1('VP8L'), le32(0xffffffff)])])],
]
