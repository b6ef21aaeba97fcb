import sharp from 'sharp'
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA, thumbHashToRGBA } from 'thumbhash'
import { describe, expect, it } from 'vitest'
import { describePicture } from '../../src/pixels/describe.ts'
import {
  type Colour,
  CORNERS,
  corners,
  encode,
  encodeTurned,
  fade,
  paint,
  photo,
  pipelineOf,
  pngBomb,
  type RawPicture,
  truncated,
} from '../support/pictures.ts'
import { DEFAULT_RENDERING, type RenderingSettings } from '../../src/transform/rendering-settings.ts'
import { encodeGif } from '../support/oddities/gif.ts'
import { LIMITS } from './limits.ts'
import { alphaAt, distance, pixelAt } from './pixels.ts'

const examine = (source: Uint8Array) =>
  describePicture({ kind: 'examine', source, limits: LIMITS, settings: DEFAULT_RENDERING })

const describeIt = (source: Uint8Array, settings: Partial<RenderingSettings> = {}) =>
  describePicture({
    kind: 'describe',
    source,
    limits: LIMITS,
    settings: { ...DEFAULT_RENDERING, ...settings },
  })

type Corner = keyof typeof CORNERS

/** Which colour each corner of the placeholder is nearest to, row by row. */
function cornersOf(thumbHash: Uint8Array): Corner[] {
  const placeholder = placeholderOf(thumbHash)
  const [right, bottom] = [placeholder.width - 3, placeholder.height - 3]
  const corners = [
    [2, 2],
    [right, 2],
    [2, bottom],
    [right, bottom],
  ] as const
  return corners.map(([x, y]) => nearest(pixelAt(placeholder, x, y)))
}

function nearest(colour: Colour): Corner {
  const names = ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'] as const
  const [first] = names.toSorted((a, b) => distance(CORNERS[a], colour) - distance(CORNERS[b], colour))
  return first ?? 'topLeft'
}

function placeholderOf(thumbHash: Uint8Array): RawPicture {
  const { w, h, rgba } = thumbHashToRGBA(thumbHash)
  return { data: rgba, width: w, height: h, channels: 4 }
}

function hexDistance(one: string, other: Colour): number {
  const channel = (at: number) => Number.parseInt(one.slice(at, at + 2), 16)
  return distance([channel(1), channel(3), channel(5)], other)
}

describe('describePicture', () => {
  it.each(['jpg', 'png', 'webp', 'avif'] as const)('knows the colour of a plain %s', async (format) => {
    const colour: Colour = [31, 122, 204]
    const { dominantColour, thumbHash } = await describeIt(
      await encode(
        paint(640, 480, () => colour),
        format,
      ),
    )
    expect(hexDistance(dominantColour, colour)).toBeLessThanOrEqual(3)
    // Six bits a channel.
    const { r, g, b, a } = thumbHashToAverageRGBA(thumbHash)
    expect(distance([r * 255, g * 255, b * 255], colour)).toBeLessThanOrEqual(9)
    expect(a).toBe(1)
  })

  it('knows a grey picture of one channel, and one of sixteen bits', async () => {
    const grey = await pipelineOf(paint(60, 40, () => [200, 200, 200]))
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const deep = await pipelineOf(paint(60, 40, () => [200, 200, 200]))
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    expect((await sharp(grey).metadata()).channels).toBe(1)
    expect((await sharp(deep).metadata()).depth).toBe('ushort')
    for (const source of [grey, deep]) expect((await describeIt(source)).dominantColour).toBe('#c8c8c8')
  })

  it('names the colour that covers most', async () => {
    const source = await encode(
      paint(400, 300, (x) => (x < 250 ? CORNERS.bottomLeft : CORNERS.topRight)),
      'png',
    )
    const { dominantColour } = await describeIt(source)
    expect(hexDistance(dominantColour, CORNERS.bottomLeft)).toBeLessThanOrEqual(2)
  })

  it('shows where the colours are', async () => {
    const { thumbHash } = await describeIt(await encode(corners(300, 200), 'png'))
    expect(thumbHash.length).toBeLessThanOrEqual(25)
    expect(cornersOf(thumbHash)).toEqual(['topLeft', 'topRight', 'bottomLeft', 'bottomRight'])
  })

  // Where the corners of what is stored are shown (EXIF 2.32, tag 0x0112), row by row.
  it.each([
    [1, ['topLeft', 'topRight', 'bottomLeft', 'bottomRight']],
    [2, ['topRight', 'topLeft', 'bottomRight', 'bottomLeft']],
    [3, ['bottomRight', 'bottomLeft', 'topRight', 'topLeft']],
    [4, ['bottomLeft', 'bottomRight', 'topLeft', 'topRight']],
    [5, ['topLeft', 'bottomLeft', 'topRight', 'bottomRight']],
    [6, ['bottomLeft', 'topLeft', 'bottomRight', 'topRight']],
    [7, ['bottomRight', 'topRight', 'bottomLeft', 'topLeft']],
    [8, ['topRight', 'bottomRight', 'topLeft', 'bottomLeft']],
  ])('turns a picture of orientation %i before it looks', async (orientation, shown) => {
    const { facts, thumbHash } = await describeIt(await encodeTurned(corners(300, 200), 'jpg', orientation))
    const turned = orientation >= 5
    expect(facts).toMatchObject({ orientation, width: turned ? 200 : 300, height: turned ? 300 : 200 })
    expect(thumbHashToApproximateAspectRatio(thumbHash) > 1).toBe(!turned)
    expect(cornersOf(thumbHash)).toEqual(shown)
  })

  it('keeps opacity: a fade is one in the placeholder, and what is transparent has no colour', async () => {
    const source = await encode(fade(200, 100, [230, 40, 40]), 'png')
    const { facts, dominantColour, thumbHash } = await describeIt(source)
    expect(facts.hasAlpha).toBe(true)
    expect(hexDistance(dominantColour, [230, 40, 40])).toBeLessThanOrEqual(4)
    const placeholder = placeholderOf(thumbHash)
    expect(alphaAt(placeholder, 1, 8)).toBeLessThan(60)
    expect(alphaAt(placeholder, placeholder.width - 2, 8)).toBeGreaterThan(195)

    const logo = paint(100, 100, (x, y) => (x > 60 && y > 60 ? [20, 160, 60] : [0, 0, 0]))
    const rgba = await pipelineOf(logo)
      .ensureAlpha()
      .raw()
      .toBuffer()
      .then((data) => data.map((value, at) => (at % 4 === 3 && data[at - 2] === 0 ? 0 : value)))
    const transparent = await encode({ ...logo, data: rgba, channels: 4 }, 'png')
    expect((await describeIt(transparent)).dominantColour).toBe('#14a03c')
  })

  it('describes the first frame of an animation, and counts all', async () => {
    const frames = await Promise.all(
      [CORNERS.topLeft, CORNERS.topRight, CORNERS.bottomLeft].map((colour) =>
        encode(
          paint(80, 60, () => colour),
          'png',
        ),
      ),
    )
    const joined = sharp(frames, { join: { animated: true } })
    for (const animation of [
      await joined.clone().webp({ lossless: true }).toBuffer(),
      await joined.clone().gif().toBuffer(),
    ]) {
      const { facts, dominantColour, thumbHash } = await describeIt(animation)
      expect(facts).toMatchObject({ frames: 3, width: 80, height: 60 })
      expect(hexDistance(dominantColour, CORNERS.topLeft)).toBe(0)
      expect(thumbHashToApproximateAspectRatio(thumbHash)).toBeGreaterThan(1)
    }
  })

  it('describes a TIFF, and a drawing by the sides that it names', async () => {
    const tiff = await pipelineOf(corners(300, 200)).tiff().toBuffer()
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="40"><rect width="20" height="30" fill="#14a03c"/></svg>',
    )
    expect(await describeIt(tiff)).toMatchObject({ facts: { contentType: 'image/tiff', width: 300 } })
    const { facts, dominantColour, thumbHash } = await describeIt(svg)
    expect(facts).toMatchObject({ contentType: 'image/svg+xml', width: 20, height: 40, hasAlpha: true })
    expect(dominantColour).toBe('#14a03c')
    expect(thumbHashToApproximateAspectRatio(thumbHash)).toBeLessThan(1)
    expect(thumbHashToAverageRGBA(thumbHash).a).toBeLessThan(0.9)
  })

  it.each([
    [1, 1],
    [3000, 1],
    [1, 3000],
    [100, 101],
  ])('describes %i×%i', async (width, height) => {
    const source = await encode(
      paint(width, height, () => [90, 90, 90]),
      'png',
    )
    expect(await describeIt(source)).toMatchObject({ facts: { width, height }, dominantColour: '#5a5a5a' })
  })

  it.each([
    ['source_not_a_picture', Buffer.from('no picture')],
    ['source_too_large', pngBomb(11_000, 11_000)],
  ] as const)('refuses what cannot be rendered: %s', async (code, source) => {
    await expect(describeIt(source)).rejects.toMatchObject({ code })
  })

  it('refuses a picture whose header alone is whole', async () => {
    const source = truncated(await encode(photo(300, 200), 'jpg'))
    await expect(describeIt(source)).rejects.toMatchObject({ code: 'source_broken' })
  })
})

describe('how a photo was taken', () => {
  const exif = {
    IFD0: { Make: 'Brass & Glass', Model: 'One', Artist: 'Ana Holm' },
    IFD2: {
      DateTimeOriginal: '2026:03:01 10:20:30',
      ExposureTime: '1/250',
      FNumber: '28/10',
      ISOSpeedRatings: '400',
      FocalLength: '35/1',
      BodySerialNumber: '12345',
    },
    IFD3: { GPSLatitude: '47/1 22/1 0/1', GPSLatitudeRef: 'N' },
  }
  const source = () => pipelineOf(photo(60, 40)).withExif(exif).jpeg().toBuffer()

  it('is told where the operator wants it, but not where, with which body and by whom', async () => {
    const { shot } = await describeIt(await source(), { tellsShot: true })
    expect(shot).toEqual({
      make: 'Brass & Glass',
      model: 'One',
      takenAt: '2026-03-01T10:20:30',
      exposureSeconds: 0.004,
      aperture: 2.8,
      iso: 400,
      focalLengthMm: 35,
    })
  })

  it('is not told otherwise, nor where nothing is known', async () => {
    expect((await describeIt(await source())).shot).toBeUndefined()
    const plain = await pipelineOf(photo(60, 40)).jpeg().toBuffer()
    expect((await describeIt(plain, { tellsShot: true })).shot).toBeUndefined()
  })

  it('does not make a picture broken whose EXIF is', async () => {
    const segment = Buffer.from([0xff, 0xe1, 0, 12, ...Buffer.from('Exif\0\0MM\0*', 'latin1')])
    const plain = await pipelineOf(photo(60, 40)).jpeg().toBuffer()
    const broken = Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)])
    expect((await describeIt(broken, { tellsShot: true })).shot).toBeUndefined()
  })
})

describe('a picture that comes in', () => {
  const frame = { width: 40, height: 30, indexAt: (x: number, y: number) => (x + y) % 4 }
  const gif = encodeGif({
    width: 40,
    height: 30,
    palette: [
      [0, 0, 0],
      [200, 0, 0],
      [0, 200, 0],
      [0, 0, 200],
    ],
    frames: [frame, frame, frame],
  })

  it('is described as it is when it is shown, with how it was taken', async () => {
    const source = await pipelineOf(photo(60, 40))
      .withExif({
        IFD0: { Make: 'Brass & Glass' },
        IFD3: { GPSLatitude: '47/1 22/1 0/1', GPSLatitudeRef: 'N' },
      })
      .jpeg()
      .toBuffer()
    const { facts, thumbHash } = await describeIt(source)
    const examined = await examine(source)
    expect(examined).toMatchObject({ facts, shot: { make: 'Brass & Glass' } })
    expect(Buffer.from(examined.thumbHash).equals(Buffer.from(thumbHash))).toBe(true)
    expect(JSON.stringify(examined.shot)).toBe('{"make":"Brass & Glass"}')
  })

  it('is decoded with every frame: one that is broken in the last is refused', async () => {
    expect((await examine(gif)).facts).toMatchObject({ format: 'gif', frames: 3, width: 40, height: 30 })
    const broken = Buffer.from(gif)
    // Codes that no decoder knows, in the frame at the end.
    broken.fill(0xff, gif.length - 400, gif.length - 200)
    expect((await describeIt(broken)).facts.format).toBe('gif')
    await expect(examine(broken)).rejects.toMatchObject({ code: 'source_broken' })
  })

  it('is refused when its frames are too much together', async () => {
    const limits = { ...LIMITS, maxFramePixels: 3 * 40 * 30 - 1 }
    const job = { source: gif, limits, settings: DEFAULT_RENDERING } as const
    await expect(describePicture({ kind: 'examine', ...job })).rejects.toMatchObject({
      code: 'source_too_large',
    })
  })
})
