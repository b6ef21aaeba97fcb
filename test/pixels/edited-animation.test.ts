import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Edits } from '../../src/transform/edits.ts'
import type { OutputFormat, Size } from '../../src/transform/spec.ts'
import { type Colour, paint, type RawPicture } from '../support/pictures.ts'
import { alphaAt, distance, pixelAt } from './pixels.ts'
import { render } from './rendering.ts'

const WIDTH = 60
const HEIGHT = 40
const COLOURS: readonly Colour[] = [
  [230, 20, 20],
  [20, 200, 30],
  [30, 30, 220],
]
const GREY: Colour = [128, 128, 128]
const ORIGINAL = { fit: 'original' } as const

/** On grey, in each frame a rectangle of its own colour at 30, 10 of 20×20. */
const GIF = sharp(
  paint(WIDTH, HEIGHT * COLOURS.length, (x, y) => {
    const isSubject = x >= 30 && x < 50 && y % HEIGHT >= 10 && y % HEIGHT < 30
    return isSubject ? (COLOURS[Math.floor(y / HEIGHT)] ?? GREY) : GREY
  }).data,
  { raw: { width: WIDTH, height: HEIGHT * COLOURS.length, channels: 3, pageHeight: HEIGHT } },
)
  .webp({ lossless: true, delay: [100, 200, 300] })
  .toBuffer()

async function frames(
  edits: Edits,
  size: Size = ORIGINAL,
  format: OutputFormat = 'webp',
): Promise<RawPicture[]> {
  const picture = await render(await GIF, { ...size, edits, format })
  const { pages = 1 } = await sharp(picture.bytes).metadata()
  const { data, info } = await sharp(picture.bytes, { animated: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, channels } = info
  const height = info.height / pages
  expect([width, height]).toEqual([picture.width, picture.height])
  return Array.from({ length: pages }, (_, page) => {
    const bytes = width * height * channels
    return { data: data.subarray(page * bytes, (page + 1) * bytes), width, height, channels }
  })
}

/** Expects of every frame that a pixel is of its own colour, or of this one. */
function expectEach(shown: readonly RawPicture[], [x, y]: readonly [number, number], colour?: Colour): void {
  expect(shown).toHaveLength(COLOURS.length)
  for (const [index, frame] of shown.entries()) {
    expect(distance(pixelAt(frame, x, y), colour ?? COLOURS[index] ?? GREY), `frame ${index}`).toBeLessThan(
      20,
    )
  }
}

describe('every frame of an animation', () => {
  it('is mirrored and turned', async () => {
    const shown = await frames({ flip: 'h', rotate: 90 })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([40, 60])
    // Mirrored it is at 10 … 30 from the left; turned, from above, and 10 … 30 from the right.
    expectEach(shown, [20, 12])
    expectEach(shown, [20, 28])
    expectEach(shown, [20, 5], GREY)
    expectEach(shown, [20, 34], GREY)
  })

  it('is trimmed by lengths', async () => {
    const box = { left: 30, top: 10, width: 20, height: 20 }
    const shown = await frames({ trim: { by: 'box', box } })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([20, 20])
    expectEach(shown, [1, 1])
    expectEach(shown, [18, 18])
  })

  it('is trimmed as its first frame has a border', async () => {
    const shown = await frames({ trim: { by: 'border', border: { keep: 6 } } })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([32, 32])
    expectEach(shown, [0, 16], GREY)
    expectEach(shown, [16, 16])
  })

  it('is padded', async () => {
    const shown = await frames({ background: 'ffff00' }, { fit: 'pad', width: 60, height: 60 })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([60, 60])
    expectEach(shown, [30, 4], [255, 255, 0])
    expectEach(shown, [40, 30])
    expectEach(shown, [30, 56], [255, 255, 0])
  })

  it('is padded with nothing where that is wanted', async () => {
    const shown = await frames({ background: '00000000' }, { fit: 'pad', width: 60, height: 60 })
    for (const frame of shown) expect([alphaAt(frame, 30, 4), alphaAt(frame, 30, 30)]).toEqual([0, 255])
  })

  it.each(['webp', 'gif'] as const)('changes its tone as %s', async (format) => {
    const shown = await frames({ saturation: 0, brightness: 1.5 }, ORIGINAL, format)
    expectEach(shown, [5, 5], [192, 192, 192])
    for (const frame of shown) {
      const [red, green, blue] = pixelAt(frame, 40, 20)
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(12)
    }
  })

  it('is blurred by itself: nothing of one shows in the next', async () => {
    const shown = await frames({ blur: 12 })
    expectEach(shown, [1, 1], GREY)
    for (const [index, frame] of shown.entries()) {
      const colour = COLOURS[index] ?? GREY
      expect(distance(pixelAt(frame, 40, 20), colour)).toBeLessThan(90)
      expect(distance(pixelAt(frame, 28, 20), GREY)).toBeGreaterThan(10)
    }
  })

  it('has a border', async () => {
    const border = { colour: '00ffff', top: 2, right: 2, bottom: 2, left: 2 }
    const shown = await frames({ border }, { fit: 'width', width: 30 })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([34, 24])
    expectEach(shown, [0, 12], [0, 255, 255])
    expectEach(shown, [22, 12])
  })

  it.each([
    [{ by: 'remainder', x: 1, y: 0.5 }, 20],
    [{ by: 'remainder', x: 0, y: 0.5 }, 35],
    [{ by: 'centre', x: 40 / 60, y: 0.5 }, 20],
    [{ by: 'centre', x: 25 / 60, y: 0.5 }, 35],
  ] as const)('is cut at one place: %j', async (gravity, subject) => {
    const shown = await frames({ gravity }, { fit: 'crop', width: 40, height: 40 })
    expect([shown[0]?.width, shown[0]?.height]).toEqual([40, 40])
    expectEach(shown, [subject, 20])
    expectEach(shown, [3, 20], GREY)
  })

  it('is cut where the first frame has most detail', async () => {
    const shown = await frames({ gravity: { by: 'entropy' } }, { fit: 'cover', width: 30, height: 40 })
    const edges = shown.map((frame) => {
      const row = Array.from({ length: 30 }, (_, x) => distance(pixelAt(frame, x, 20), GREY) > 40)
      return [row.indexOf(true), row.lastIndexOf(true)]
    })
    for (const [from, to] of edges) expect(Math.abs(Number(to) - Number(from) - 19)).toBeLessThan(2)
    // An edge between pixels is seen one sooner or later, by how bright the frame is.
    const starts = edges.map(([from]) => Number(from))
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(2)
  })
})

describe('an animation that is to be still', () => {
  it.each(['webp', 'gif', 'png'] as const)('is its first frame as %s, edited', async (format) => {
    const shown = await frames({ still: true, rotate: 180 }, ORIGINAL, format)
    expect(shown).toHaveLength(1)
    for (const frame of shown) {
      expect(distance(pixelAt(frame, 20, 20), COLOURS[0] ?? GREY)).toBeLessThan(20)
      expect(distance(pixelAt(frame, 40, 20), GREY)).toBeLessThan(20)
    }
  })
})
