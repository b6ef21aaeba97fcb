import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alphaAt, distance, pixelAt } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { ask, pixelsOf, putSource, rendered } from '../support/oddities/ask.ts'
import { decodeGif } from '../support/oddities/gif-decoder.ts'
import { DISPOSAL, encodeGif, type GifPlan } from '../support/oddities/gif.ts'
import { type Colour, paint, pipelineOf, type RawPicture } from '../support/pictures.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any' } })
})
afterAll(() => gateway.close())

const BLUE: Colour = [30, 40, 200]
const RED: Colour = [220, 30, 30]
const GREEN: Colour = [20, 170, 60]
const YELLOW: Colour = [240, 220, 40]

/** Where three small frames lie on the canvas of 64×48. */
const FIRST = { left: 8, top: 8, width: 16, height: 16 } as const
const SECOND = { left: 40, top: 8, width: 16, height: 16 } as const
const THIRD = { left: 24, top: 28, width: 16, height: 16 } as const

/** A whole frame, and three that change a part and are cleared away in each of the ways that there are. */
const plan = {
  width: 64,
  height: 48,
  palette: [BLUE, RED, GREEN, YELLOW],
  frames: [
    { width: 64, height: 48, indexAt: () => 0, delayMs: 100, disposal: DISPOSAL.keep },
    // It has a colour that is not seen, so that what is cleared is nothing, and not the file's background colour.
    { ...FIRST, indexAt: () => 1, delayMs: 200, disposal: DISPOSAL.clear, transparent: 3 },
    { ...SECOND, indexAt: () => 2, delayMs: 70, disposal: DISPOSAL.previous },
    { ...THIRD, indexAt: () => 3, delayMs: 50, disposal: DISPOSAL.keep },
  ],
} as const satisfies GifPlan
const DELAYS = [100, 200, 70, 50]

type Place = readonly [x: number, y: number]
const [first, second, third, corner]: readonly [Place, Place, Place, Place] = [
  [16, 16],
  [48, 16],
  [32, 36],
  [2, 2],
]

/** What is seen in the middle of the three places and in the corner, frame by frame, by the words of GIF89a. */
const SEEN: readonly (readonly (readonly [Place, Colour | 'nothing'])[])[] = [
  [
    [first, BLUE],
    [second, BLUE],
    [third, BLUE],
    [corner, BLUE],
  ],
  [
    [first, RED],
    [second, BLUE],
    [third, BLUE],
    [corner, BLUE],
  ],
  // The red one has been cleared: nothing is left there, not even the blue below it.
  [
    [first, 'nothing'],
    [second, GREEN],
    [third, BLUE],
    [corner, BLUE],
  ],
  // The green one has given back what was there before it.
  [
    [first, 'nothing'],
    [second, BLUE],
    [third, YELLOW],
    [corner, BLUE],
  ],
]

interface Animation {
  readonly frames: readonly RawPicture[]
  readonly delaysMs: readonly number[]
}

/** Every frame of an animated WebP as it is seen: libwebp composes them, nothing of ours. */
async function decodeWebp(file: Buffer): Promise<Animation> {
  const { delay = [], pages = 1, pageHeight } = await sharp(file, { animated: true }).metadata()
  const all = await pixelsOf(await sharp(file, { animated: true }).ensureAlpha().png().toBuffer())
  const height = pageHeight ?? all.height
  const bytes = all.width * height * 4
  const frames = Array.from({ length: pages }, (_, index) => {
    return { ...all, height, data: all.data.subarray(index * bytes, (index + 1) * bytes) }
  })
  return { frames, delaysMs: delay }
}

/** How often a file says that its animation is shown: in all by WebP, how often again by GIF. */
async function loopOf(file: Buffer, format: string): Promise<number | undefined> {
  return format === 'gif' ? decodeGif(file).loop : (await sharp(file).metadata()).loop
}

/** Whether a colour, or nothing, is seen at a place, as far as chroma that was halved twice can tell. */
function isSeen(frame: RawPicture, [x, y]: Place, colour: Colour | 'nothing'): boolean {
  if (colour === 'nothing') return alphaAt(frame, x, y) < 60
  return alphaAt(frame, x, y) > 195 && distance(pixelAt(frame, x, y), colour) < 70
}

const decodeAnimation = (file: Buffer, format: string): Animation | Promise<Animation> =>
  format === 'gif' ? decodeGif(file) : decodeWebp(file)

describe.each(['gif', 'webp'] as const)('an animation as %s', (format) => {
  test.each([
    ['original', 1],
    ['32', 0.5],
    ['x24', 0.5],
  ])('at %s shows every frame as it is seen, for as long', async (size, scale) => {
    const { frames, delaysMs } = await decodeAnimation(
      await rendered(gateway, encodeGif(plan), `${size}.${format}`),
      format,
    )
    expect(delaysMs).toEqual(DELAYS)
    expect(frames.map(({ width, height }) => [width, height])).toEqual(
      DELAYS.map(() => [64 * scale, 48 * scale]),
    )
    SEEN.forEach((places, index) => {
      const frame = frames[index]
      if (frame === undefined) throw new Error(`There is no frame ${index}`)
      for (const [[x, y], colour] of places) {
        expect(isSeen(frame, [Math.floor(x * scale), Math.floor(y * scale)], colour), `frame ${index}`).toBe(
          true,
        )
      }
    })
  })

  test('in a box is cropped alike in every frame', async () => {
    const moving = encodeGif({
      ...plan,
      frames: [0, 1, 2].map((index) => ({
        width: 64,
        height: 48,
        delayMs: 100,
        // A subject that wanders from side to side: a crop that followed it would shake.
        indexAt: (x, y) => (y > 16 && y < 32 && x > index * 24 && x < index * 24 + 12 ? 1 : x < 32 ? 0 : 2),
      })),
    })
    const { frames } = await decodeAnimation(await rendered(gateway, moving, `32x48.${format}`), format)
    expect(frames.map(({ width, height }) => [width, height])).toEqual([
      [32, 48],
      [32, 48],
      [32, 48],
    ])
    const edges = frames.map((frame) => {
      return Array.from({ length: 32 }, (_, x) => x).find((x) => distance(pixelAt(frame, x, 4), GREEN) < 60)
    })
    expect(new Set(edges).size).toBe(1)
  })

  test.each([
    ['for ever', 0, { gif: 0, webp: 0 }],
    ['once', undefined, { gif: undefined, webp: 1 }],
    ['four times', 3, { gif: 3, webp: 4 }],
  ] as const)('is repeated %s, as before', async (_, loop, said) => {
    const file = encodeGif(loop === undefined ? plan : { ...plan, loop })
    expect(await loopOf(await rendered(gateway, file, `32.${format}`), format)).toBe(said[format])
  })

  test('of WebP keeps its frames, their times and its loops', async () => {
    const colours = [RED, GREEN, YELLOW]
    const stills = colours.map((colour) =>
      pipelineOf(paint(40, 30, () => colour))
        .png()
        .toBuffer(),
    )
    const file = await sharp(await Promise.all(stills), { join: { animated: true } })
      .webp({ delay: [120, 240, 360], loop: 5, effort: 0 })
      .toBuffer()
    const answer = await rendered(gateway, file, `20.${format}`)
    const { frames, delaysMs } = await decodeAnimation(answer, format)
    expect(delaysMs).toEqual([120, 240, 360])
    frames.forEach((frame, index) => {
      expect([frame.width, frame.height]).toEqual([20, 15])
      expect(distance(pixelAt(frame, 10, 7), colours[index] ?? BLUE)).toBeLessThan(12)
    })
    expect(await loopOf(answer, format)).toBe(format === 'gif' ? 4 : 5)
  })

  test('of many frames on a large canvas is refused before a pixel is decoded', async () => {
    const small = { width: 1, height: 1, indexAt: () => 0, delayMs: 100 }
    const file = encodeGif({
      ...plan,
      width: 2000,
      height: 2000,
      frames: Array.from({ length: 30 }, () => small),
    })
    const answer = await ask(gateway, await putSource(gateway, file), `32.${format}`)
    expect(answer).toMatchObject({ status: 415, code: 'source_too_large' })
    expect(answer.detail).toMatch(/30 frames of 2000×2000/)
  })
})

test.each(['jpg', 'png', 'avif'])('the first frame alone is shown as %s', async (format) => {
  const picture = await pixelsOf(await rendered(gateway, encodeGif(plan), `original.${format}`))
  expect([picture.width, picture.height]).toEqual([64, 48])
  for (const place of [first, second, third]) {
    expect(distance(pixelAt(picture, ...place), BLUE)).toBeLessThan(12)
  }
})

test('frames of a few colours come out of a GIF exactly as they went in', async () => {
  const { frames } = decodeGif(await rendered(gateway, encodeGif(plan), 'original.gif'))
  const wanted = decodeGif(encodeGif(plan)).frames
  frames.forEach((frame, index) => {
    const differing = Array.from(
      { length: 64 * 48 },
      (_, at) => [at % 64, Math.floor(at / 64)] as const,
    ).filter(([x, y]) => {
      const other = wanted[index]
      if (other === undefined || alphaAt(frame, x, y) !== alphaAt(other, x, y)) return true
      return alphaAt(frame, x, y) > 0 && distance(pixelAt(frame, x, y), pixelAt(other, x, y)) > 4
    })
    expect(differing).toEqual([])
  })
})
