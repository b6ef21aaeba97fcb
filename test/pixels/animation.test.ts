import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { OutputFormat } from '../../src/transform/spec.ts'
import { encodeGif } from '../support/oddities/gif.ts'
import { type Colour, paint } from '../support/pictures.ts'
import { LIMITS } from './limits.ts'
import { distance, pixelAt } from './pixels.ts'
import { render } from './rendering.ts'

const WIDTH = 60
const HEIGHT = 40
const COLOURS: readonly Colour[] = [
  [230, 20, 20],
  [20, 200, 30],
  [30, 30, 220],
  [240, 240, 240],
]
const DELAYS = [100, 250, 70, 1000]

/** Frames of one colour each, with a black quarter at the bottom right. */
function animation(format: 'gif' | 'webp', options: object = {}): Promise<Buffer> {
  const strip = paint(WIDTH, HEIGHT * COLOURS.length, (x, y) => {
    const quarter = x >= WIDTH / 2 && y % HEIGHT >= HEIGHT / 2
    return quarter ? [0, 0, 0] : (COLOURS[Math.floor(y / HEIGHT)] ?? [0, 0, 0])
  })
  const raw = { width: WIDTH, height: strip.height, channels: 3, pageHeight: HEIGHT } as const
  return sharp(strip.data, { raw })
    .toFormat(format, { delay: DELAYS, loop: 3, lossless: true, ...options })
    .toBuffer()
}

async function framesOf(bytes: Uint8Array) {
  const { pages = 1, delay, loop } = await sharp(bytes).metadata()
  const { data, info } = await sharp(bytes, { animated: true }).raw().toBuffer({ resolveWithObject: true })
  const height = info.height / pages
  const size = info.width * height * info.channels
  const frames = Array.from({ length: pages }, (_, page) => {
    return {
      data: data.subarray(page * size, (page + 1) * size),
      width: info.width,
      height,
      channels: info.channels,
    }
  })
  return { frames, delay, loop }
}

const PAIRS = (['gif', 'webp'] as const).flatMap((from) =>
  (['gif', 'webp'] as const).map((to) => [from, to] as const),
)

describe('an animation', () => {
  it.each(PAIRS)('%s to %s keeps frames, delays and loops at another size', async (from, to) => {
    const picture = await render(await animation(from), { fit: 'width', width: 30, format: to })
    const { frames, delay, loop } = await framesOf(picture.bytes)
    expect({ delay, loop, sides: [picture.width, picture.height] }).toEqual({
      delay: DELAYS,
      loop: 3,
      sides: [30, 20],
    })
    expect(frames).toHaveLength(COLOURS.length)
    for (const [index, frame] of frames.entries()) {
      expect([frame.width, frame.height]).toEqual([30, 20])
      // The first and the last row as well: nothing of the frame before or after shows there.
      for (const y of [0, 9])
        expect(distance(pixelAt(frame, 5, y), COLOURS[index] ?? [0, 0, 0])).toBeLessThan(16)
      expect(distance(pixelAt(frame, 5, 19), COLOURS[index] ?? [0, 0, 0])).toBeLessThan(16)
      expect(distance(pixelAt(frame, 25, 17), [0, 0, 0])).toBeLessThan(16)
    }
  })

  it.each(['jpg', 'png', 'avif'] as const)('is its first frame as %s', async (format: OutputFormat) => {
    const picture = await render(await animation('gif'), { fit: 'original', format })
    const { frames } = await framesOf(picture.bytes)
    expect(frames).toHaveLength(1)
    for (const frame of frames) expect(distance(pixelAt(frame, 5, 5), [230, 20, 20])).toBeLessThan(16)
  })

  it.each(['gif', 'webp'] as const)(
    'that shows a frame for eleven minutes shows it for one, as %s',
    async (format) => {
      const file = encodeGif({
        width: 8,
        height: 8,
        palette: [...COLOURS],
        frames: [655_350, 100].map((delayMs) => ({
          width: 8,
          height: 8,
          indexAt: () => delayMs % 4,
          delayMs,
        })),
      })
      const { delay } = await sharp((await render(file, { fit: 'original', format })).bytes).metadata()
      // A GIF counts in hundredths of a second.
      expect(delay?.map((ms) => Math.round(ms / 10))).toEqual([expect.closeTo(6553, -0.4), 10])
    },
  )

  it('has all its frames cut at the same place', async () => {
    const picture = await render(await animation('gif'), {
      fit: 'cover',
      width: 20,
      height: 20,
      format: 'webp',
    })
    const { frames } = await framesOf(picture.bytes)
    const edges = frames.map((frame) => {
      return Array.from({ length: 20 }, (_, x) => distance(pixelAt(frame, x, 17), [0, 0, 0]) < 60).indexOf(
        true,
      )
    })
    // An edge between pixels is seen one sooner or later, by how bright the frame is.
    expect(Math.max(...edges) - Math.min(...edges)).toBeLessThanOrEqual(1)
    expect(Math.min(...edges)).toBeGreaterThan(0)
  })

  it('is decoded a window at a time, with the same result', async () => {
    // More than one window: each of these frames has 9 megapixels.
    const strip = Buffer.alloc(3000 * 3000 * 3 * 3)
    for (const frame of [0, 1, 2]) strip.fill(60 + 90 * frame, frame * 27_000_000, (frame + 1) * 27_000_000)
    const raw = { width: 3000, height: 9000, channels: 3, pageHeight: 3000 } as const
    const source = await sharp(strip, { raw, limitInputPixels: false })
      .webp({ delay: [50, 60, 70], effort: 0 })
      .toBuffer()
    const picture = await render(source, { fit: 'width', width: 10, format: 'gif' })
    const { frames, delay } = await framesOf(picture.bytes)
    expect(delay).toEqual([50, 60, 70])
    expect(frames.map((frame) => Math.round((pixelAt(frame, 5, 5)[0] - 60) / 90))).toEqual([0, 1, 2])
  })

  it('is refused when its frames are too much together, but not its first', async () => {
    const source = await animation('gif')
    const limits = { ...LIMITS, maxFramePixels: WIDTH * HEIGHT * 4 - 1 }
    await expect(
      render(source, { fit: 'width', width: 8, format: 'webp' }, { limits }),
    ).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('4 frames of 60×40'),
    })
    await expect(render(source, { fit: 'width', width: 8, format: 'jpg' }, { limits })).resolves.toBeDefined()
  })

  it('is not enlarged beyond the limit either', async () => {
    const limits = { ...LIMITS, maxFramePixels: 100_000 }
    const box = { fit: 'cover', width: 400, height: 400, format: 'gif' } as const
    await expect(render(await animation('gif'), box, { limits })).rejects.toMatchObject({
      code: 'size_not_allowed',
      message: expect.stringContaining('4 frames of 400×400'),
    })
  })
})

describe('an animated WebP that is to be turned', () => {
  // Where the black quarter is seen (EXIF 2.3, table 6), as fractions of the sides.
  const SEEN = {
    1: [0.75, 0.75],
    2: [0.25, 0.75],
    3: [0.25, 0.25],
    4: [0.75, 0.25],
    5: [0.75, 0.75],
    6: [0.25, 0.75],
    7: [0.25, 0.25],
    8: [0.75, 0.25],
  } as const

  it.each(Object.entries(SEEN))('orientation %s', async (orientation, [right, down]) => {
    const source = await sharp(await animation('webp'), { animated: true })
      .webp({ lossless: true })
      .withMetadata({ orientation: Number(orientation) })
      .toBuffer()
    const picture = await render(source, { fit: 'original', format: 'webp' })
    const sides = Number(orientation) >= 5 ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT]
    expect([picture.width, picture.height]).toEqual(sides)
    const { frames } = await framesOf(picture.bytes)
    for (const frame of frames) {
      const at = [Math.floor(frame.width * right), Math.floor(frame.height * down)] as const
      expect(distance(pixelAt(frame, ...at), [0, 0, 0])).toBeLessThan(16)
    }
  })
})
