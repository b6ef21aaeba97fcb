import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alphaAt, distance, pixelAt } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { shown } from '../support/oddities/ask.ts'
import { deltaE, deltaE2000, fromLight, seenInSrgb, SPACES, type Vector } from '../support/oddities/colour.ts'
import { greyProfile, rgbProfile } from '../support/oddities/icc.ts'
import { encodeFlatJpeg, jpegSegments } from '../support/oddities/jpeg.ts'
import { encodePng, type PngPlan, pngProfile } from '../support/oddities/png.ts'
import { encodeTiff, rgbPage } from '../support/oddities/tiff.ts'
import { withWebpExtras } from '../support/oddities/webp.ts'
import { type Colour, encode, fade, paint, pipelineOf } from '../support/pictures.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any' } })
})
afterAll(() => gateway.close())

/** What docs/pictures.md promises for a colour that sRGB has. */
const MAX_DELTA_E = 1

/** Stored colours that are inside sRGB whichever of the spaces they are meant in. */
const PATCHES: readonly Colour[] = [
  [127, 153, 102],
  [200, 150, 140],
  [90, 96, 120],
  [128, 128, 128],
  [240, 240, 235],
  [24, 24, 24],
  [190, 170, 120],
]
const SIDE = 8

/** The patch that a pixel of a strip belongs to. */
const patchAt = (x: number): Colour => PATCHES[Math.floor(x / SIDE)] ?? [0, 0, 0]
const WIDTH = PATCHES.length * SIDE

const strip = paint(WIDTH, SIDE, patchAt)
const pngStrip = (depth: 8 | 16, profile?: Buffer, extra: Partial<PngPlan> = {}) =>
  encodePng({
    width: WIDTH,
    height: SIDE,
    bitDepth: depth,
    colourType: 2,
    samplesAt: (x) => patchAt(x).map((value) => (depth === 16 ? value * 257 : value)),
    chunks: profile ? [pngProfile(profile)] : [],
    ...extra,
  })

/** A strip that is meant in a space, in each format that carries profiles. */
const CARRIERS = {
  'PNG of 8 bit': (profile: Buffer) => pngStrip(8, profile),
  'PNG of 16 bit': (profile: Buffer) => pngStrip(16, profile),
  'lossless WebP': async (profile: Buffer) =>
    withWebpExtras(await pipelineOf(strip).webp({ lossless: true }).toBuffer(), { profile }),
  TIFF: (profile: Buffer) =>
    encodeTiff([{ ...rgbPage(strip), entries: [{ tag: 0x8773, type: 'undefined', value: profile }] }]),
  'RGB JPEG': (profile: Buffer) =>
    encodeFlatJpeg({
      columns: PATCHES.length,
      rows: 1,
      valuesAt: (column) => PATCHES[column] ?? [0, 0, 0],
      adobe: 0,
      segments: [jpegSegments.profile(profile)],
    }),
} as const

const profiles = Object.entries(SPACES).flatMap(([name, space]) =>
  ([2, 4] as const).map((version) => [name, version, space] as const),
)

describe.each(profiles)('%s, an ICC profile of version %i', (_, version, space) => {
  test.each(Object.entries(CARRIERS))('in a %s is seen as the same colours in sRGB', async (_, carry) => {
    const picture = await shown(gateway, await carry(rgbProfile(space, version)), 'original.png')
    PATCHES.forEach((patch, index) => {
      const seen = pixelAt(picture, index * SIDE + 4, 4)
      expect(deltaE(seen, seenInSrgb(shares(patch), space)), said(patch, seen)).toBeLessThan(MAX_DELTA_E)
    })
  })
})

test('a colour beyond sRGB becomes its nearest edge, not another hue', async () => {
  const patch: Colour = [40, 230, 60]
  const samplesAt = () => patch
  const file = pngStrip(8, rgbProfile(SPACES.displayP3, 4), { samplesAt })
  const seen = pixelAt(await shown(gateway, file, 'original.png'), 4, 4)
  const wanted = seenInSrgb(shares(patch), SPACES.displayP3)
  expect(wanted[0]).toBe(0)
  expect(deltaE(seen, wanted)).toBeLessThan(2)
})

test.each([2, 4] as const)(
  'grey with a gamma of 1.8 (version %i) is seen as bright as it is',
  async (version) => {
    const chunks = [pngProfile(greyProfile({ gamma: 461 / 256 }, version))]
    for (const level of [40, 128, 220]) {
      const samplesAt = () => [level]
      const file = encodePng({ width: SIDE, height: SIDE, bitDepth: 8, colourType: 0, samplesAt, chunks })
      const grey = 255 * fromLight((level / 255) ** (461 / 256))
      const seen = pixelAt(await shown(gateway, file, 'original.png'), 4, 4)
      expect(distance(seen, [grey, grey, grey]), said([level, level, level], seen)).toBeLessThanOrEqual(1.5)
    }
  },
)

test('a picture without a profile is sRGB: lossless in, lossless out, value for value', async () => {
  const picture = await shown(gateway, pngStrip(8), 'original.png')
  expect(Buffer.from(picture.data).equals(Buffer.from(strip.data))).toBe(true)
})

test.each([
  ['for another kind of picture', greyProfile({ gamma: 2.2 }, 4)],
  ['that is no profile', Buffer.from('this is no profile at all')],
  ['that breaks off', rgbProfile(SPACES.adobeRgb, 2).subarray(0, 200)],
])('a profile %s does no harm: the picture counts as sRGB', async (_, profile) => {
  const picture = await shown(gateway, pngStrip(8, profile), 'original.png')
  PATCHES.forEach((patch, index) =>
    expect(distance(pixelAt(picture, index * SIDE + 4, 4), patch)).toBeLessThanOrEqual(1),
  )
})

describe('ink', () => {
  const flat = (cmyk: readonly number[], adobe: 0 | 2) =>
    encodeFlatJpeg({
      columns: 1,
      rows: 1,
      valuesAt: () => (adobe === 0 ? cmyk.map((v) => 255 - v) : ycck(cmyk)),
      adobe,
    })

  /** CMYK turned upside down twice, in between as YCbCr (ITU-R BT.601, full range). */
  function ycck([cyan = 0, magenta = 0, yellow = 0, black = 0]: readonly number[]): number[] {
    const luma = 0.299 * cyan + 0.587 * magenta + 0.114 * yellow
    const blue = 128 + (yellow - luma) * 0.564334
    const red = 128 + (cyan - luma) * 0.713267
    return [luma, blue, red].map((value) => Math.min(255, Math.round(value))).concat(255 - black)
  }

  test.each([
    ['white paper', [0, 0, 0, 0], (c: Colour) => Math.min(...c) > 245],
    ['black', [0, 0, 0, 255], (c: Colour) => Math.max(...c) < 60],
    ['cyan', [255, 0, 0, 0], ([r, g, b]: Colour) => r < 100 && g > 130 && b > 190],
    ['magenta', [0, 255, 0, 0], ([r, g, b]: Colour) => r > 190 && g < 100 && b > 90],
    ['yellow', [0, 0, 255, 0], ([r, g, b]: Colour) => r > 220 && g > 200 && b < 110],
    ['red, of two inks', [0, 255, 255, 0], ([r, g, b]: Colour) => r > 190 && g < 90 && b < 90],
  ] as const)('%s is seen as that, from CMYK and from YCCK', async (_, ink, isSeen) => {
    const seenFrom = async (adobe: 0 | 2) =>
      pixelAt(await shown(gateway, flat(ink, adobe), 'original.png'), 4, 4)
    const [cmyk, other] = [await seenFrom(0), await seenFrom(2)]
    expect(isSeen(cmyk), cmyk.join(' ')).toBe(true)
    expect(distance(cmyk, other)).toBeLessThanOrEqual(3)
  })

  test('colours that were separated with a profile come back, as near as ink can', async () => {
    const file = await pipelineOf(strip)
      .resize(WIDTH * 4, SIDE * 4, { kernel: 'nearest' })
      .withIccProfile('cmyk')
      .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
      .toBuffer()
    const picture = await shown(gateway, file, 'original.png')
    PATCHES.forEach((patch, index) => {
      const seen = pixelAt(picture, (index * SIDE + 4) * 4, 16)
      expect(deltaE(seen, patch), said(patch, seen)).toBeLessThan(10)
    })
  })
})

describe('16 bit', () => {
  test('is not posterised: every level that 8 bit has is there, in its place', async () => {
    const file = encodePng({
      width: 256,
      height: 4,
      bitDepth: 16,
      colourType: 2,
      samplesAt: (x) => [0, 1, 2].map(() => x * 257),
    })
    const picture = await shown(gateway, file, 'original.png')
    const seen = Array.from({ length: 256 }, (_, x) => pixelAt(picture, x, 2)[0])
    expect(seen).toEqual(Array.from({ length: 256 }, (_, x) => x))
  })
})

describe('transparency', () => {
  const source = encode(fade(64, 16, [200, 40, 60]), 'png')

  test.each(['png', 'webp', 'avif'])('is kept by %s as it is', async (format) => {
    const picture = await shown(gateway, await source, `32.${format}`)
    for (const [x, alpha] of [
      [1, 12],
      [16, 132],
      [30, 247],
    ] as const) {
      expect(Math.abs(alphaAt(picture, x, 4) - alpha)).toBeLessThan(12)
    }
  })

  test('does not darken its edges: what cannot be seen has no colour', async () => {
    // White on nothing, and the nothing is black: averaged without regard to opacity, the edge would be grey.
    const white = encodePng({
      width: 64,
      height: 16,
      bitDepth: 8,
      colourType: 6,
      samplesAt: (x) => (x < 33 ? [255, 255, 255, 255] : [0, 0, 0, 0]),
    })
    const picture = await shown(gateway, white, '16.png')
    const edge = Array.from({ length: 16 }, (_, x) => x).filter((x) => alphaAt(picture, x, 2) > 40)
    for (const x of edge) expect(Math.min(...pixelAt(picture, x, 2))).toBeGreaterThan(240)
  })

  test('becomes the background in a JPEG', async () => {
    const picture = await shown(gateway, await source, '32.jpg')
    expect(picture.channels).toBe(3)
    expect(distance(pixelAt(picture, 0, 4), [255, 255, 255])).toBeLessThan(14)
    expect(distance(pixelAt(picture, 31, 4), [200, 40, 60])).toBeLessThan(14)
  })

  test('is all or nothing in a GIF', async () => {
    const picture = await shown(gateway, await source, '32.gif')
    const alphas = Array.from({ length: 32 }, (_, x) => alphaAt(picture, x, 4))
    expect(alphas.every((alpha) => alpha === 0 || alpha === 255)).toBe(true)
    expect([alphas[0], alphas[31]]).toEqual([0, 255])
  })
})

test.each([
  // Sharma, Wu and Dalal, table 1: pairs 1, 7, 9, 17, 25 and 34.
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, 0, 0], [50, -1, 2], 2.3669],
  [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
  [[50, 2.5, 0], [73, 25, -18], 27.1492],
  [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
] as const)('the ruler of these tests measures %j to %j as %f', (one, other, wanted) => {
  expect(deltaE2000(one, other)).toBeCloseTo(wanted, 4)
})

const shares = ([red, green, blue]: Colour): Vector => [red / 255, green / 255, blue / 255]

const said = (stored: Colour, seen: Colour) => `${stored.join(' ')} is seen as ${seen.join(' ')}`
