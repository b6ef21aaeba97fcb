import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { OUTPUT_FORMATS, type OutputFormat, type TransformSpec } from '../../src/transform/spec.ts'
import {
  type Colour,
  CORNERS,
  corners,
  encode,
  encodeTurned,
  encodeWithGps,
  fade,
  paint,
  photo,
  pipelineOf,
  type RawPicture,
  truncated,
} from '../support/pictures.ts'
import { alphaAt, boxShrink, decode, distance, meanDifference, pixelAt } from './pixels.ts'
import { LIMITS } from './limits.ts'
import { render } from './rendering.ts'

const PHOTO = photo(480, 320)

async function rendered(source: Buffer, spec: TransformSpec): Promise<RawPicture> {
  const picture = await render(source, spec)
  const decoded = await decode(picture.bytes)
  expect([decoded.width, decoded.height]).toEqual([picture.width, picture.height])
  return decoded
}

describe('every input to every output', () => {
  const pairs = OUTPUT_FORMATS.flatMap((from) => OUTPUT_FORMATS.map((to) => [from, to] as const))

  it.each(pairs)('%s to %s shows what a box filter makes of the same pixels', async (from, to) => {
    const shown = await rendered(await encode(PHOTO, from), { fit: 'width', width: 120, format: to })
    // 256 colours, dithered.
    const most = [from, to].includes('gif') ? 12 : 6
    expect(meanDifference(shown, boxShrink(PHOTO, 120, 80))).toBeLessThan(most)
  })
})

describe('orientation', () => {
  // Where each corner of the stored picture is seen after turning (EXIF 2.3, table 6).
  const SEEN = {
    1: ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'],
    2: ['topRight', 'topLeft', 'bottomRight', 'bottomLeft'],
    3: ['bottomRight', 'bottomLeft', 'topRight', 'topLeft'],
    4: ['bottomLeft', 'bottomRight', 'topLeft', 'topRight'],
    5: ['topLeft', 'bottomLeft', 'topRight', 'bottomRight'],
    6: ['bottomLeft', 'topLeft', 'bottomRight', 'topRight'],
    7: ['bottomRight', 'topRight', 'bottomLeft', 'topLeft'],
    8: ['topRight', 'bottomRight', 'topLeft', 'bottomLeft'],
  } as const
  const cases = Object.entries(SEEN).flatMap(([orientation, seen]) => {
    return (['jpg', 'png', 'webp', 'avif'] as const).map(
      (format) => [Number(orientation), format, seen] as const,
    )
  })

  it.each(cases)('%i is applied to a %s, its sides turned too', async (orientation, format, seen) => {
    const source = await encodeTurned(corners(120, 80), format, orientation)
    const shown = await rendered(source, { fit: 'width', width: 40, format: 'png' })
    expect([shown.width, shown.height]).toEqual(orientation < 5 ? [40, 27] : [40, 60])
    expect(cornerNames(shown)).toEqual(seen)
    const { bytes } = await render(source, { fit: 'width', width: 40, format: 'jpg' })
    expect((await sharp(bytes).metadata()).orientation).toBeUndefined()
  })

  it('counts a box in the turned picture', async () => {
    const source = await encodeTurned(corners(120, 80), 'jpg', 6)
    const shown = await rendered(source, { fit: 'cover', width: 40, height: 60, format: 'png' })
    expect(cornerNames(shown)).toEqual(SEEN[6])
  })
})

describe('sides', () => {
  it('are exact however far a decoder shrinks by itself', async () => {
    for (const [width, height] of [
      [1001, 667],
      [1023, 769],
      [997, 331],
    ] as const) {
      const flat = paint(width, height, () => [90, 120, 150])
      for (const format of ['jpg', 'webp'] as const) {
        const source = await encode(flat, format)
        for (const side of [33, 125, 126, 250, 333, 499]) {
          const picture = await render(source, { fit: 'width', width: side, format: 'png' })
          expect([picture.width, picture.height]).toEqual([side, Math.round((height * side) / width)])
        }
      }
    }
  })

  it.each([
    [300, 200],
    [33, 400],
    [401, 7],
    [1, 1],
    [1000, 999],
  ])('of a box are that box: %i×%i', async (width, height) => {
    const shown = await rendered(await encode(PHOTO, 'jpg'), { fit: 'cover', width, height, format: 'png' })
    expect([shown.width, shown.height]).toEqual([width, height])
  })

  it('of a picture that is small enough are left alone, pixel by pixel', async () => {
    const shown = await rendered(await encode(PHOTO, 'png'), { fit: 'width', width: 4000, format: 'png' })
    expect(Buffer.compare(shown.data, PHOTO.data)).toBe(0)
  })

  it('beyond the limit are refused: the source is to blame for its own, the request for a box', async () => {
    const source = await encode(PHOTO, 'png')
    const limits = { ...LIMITS, maxOutputSide: 400 }
    const original = { fit: 'original', format: 'png' } as const
    const box = { fit: 'cover', width: 401, height: 10, format: 'png' } as const
    await expect(render(source, original, { limits })).rejects.toMatchObject({ code: 'source_too_large' })
    await expect(render(source, box, { limits })).rejects.toMatchObject({ code: 'size_not_allowed' })
  })

  it('beyond what the format holds are refused', async () => {
    const source = await encode(
      paint(16_384, 2, () => [1, 2, 3]),
      'png',
    )
    await expect(render(source, { fit: 'original', format: 'webp' })).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('at most 16383'),
    })
  })
})

describe('crop', () => {
  it('keeps what draws attention', async () => {
    const scene = paint(600, 100, (x, y) => {
      const isSubject = x > 470 && x < 550 && y > 20 && y < 80
      return isSubject ? [230 - ((x * y) % 60), 120, 90] : [128, 128, 128]
    })
    const shown = await rendered(await encode(scene, 'png'), {
      fit: 'cover',
      width: 100,
      height: 100,
      format: 'png',
    })
    expect(distance(pixelAt(shown, 50, 50), [128, 128, 128])).toBeGreaterThan(30)
  })
})

describe('transparency', () => {
  const source = encode(fade(64, 16, [200, 40, 60]), 'png')

  it.each(['png', 'webp', 'avif'] as const)('is kept by %s', async (format) => {
    const shown = await rendered(await source, { fit: 'width', width: 32, format })
    expect(alphaAt(shown, 0, 4)).toBeLessThan(12)
    expect(alphaAt(shown, 31, 4)).toBeGreaterThan(243)
    expect(alphaAt(shown, 16, 4)).toBeGreaterThan(115)
    expect(alphaAt(shown, 16, 4)).toBeLessThan(145)
  })

  it('becomes white in a JPEG', async () => {
    const shown = await rendered(await source, { fit: 'width', width: 32, format: 'jpg' })
    expect(shown.channels).toBe(3)
    expect(distance(pixelAt(shown, 0, 4), [255, 255, 255])).toBeLessThan(12)
    expect(distance(pixelAt(shown, 31, 4), [200, 40, 60])).toBeLessThan(12)
  })
})

describe('colour', () => {
  const COLOURS: readonly Colour[] = [
    [200, 60, 60],
    [60, 180, 80],
    [40, 60, 200],
    [128, 128, 128],
  ]

  it.each(COLOURS)('%i %i %i in Display P3 is shown as the same colour in sRGB', async (...colour) => {
    const flat = pipelineOf(paint(32, 32, () => colour))
    const source = await flat.withIccProfile('p3').png().toBuffer()
    const stored = pixelAt(await decode(source), 16, 16)
    const shown = pixelAt(await rendered(source, { fit: 'width', width: 16, format: 'png' }), 8, 8)
    expect(distance(shown, srgbFromP3(stored))).toBeLessThanOrEqual(2)
    expect(distance(srgbFromP3(stored), colour)).toBeLessThanOrEqual(2)
  })

  it('of a grey picture stays grey', async () => {
    const source = await pipelineOf(paint(32, 32, () => [77, 77, 77]))
      .greyscale()
      .png()
      .toBuffer()
    for (const format of OUTPUT_FORMATS) {
      const { bytes } = await render(source, { fit: 'width', width: 16, format })
      const { data } = await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
      expect(Math.abs((data[0] ?? 0) - 77)).toBeLessThanOrEqual(2)
    }
  })
})

describe('metadata', () => {
  it.each(OUTPUT_FORMATS)('is gone from a %s, GPS above all', async (format: OutputFormat) => {
    const source = await encodeWithGps(PHOTO, 'Rue-Secrete-17')
    expect(source.includes('Rue-Secrete-17')).toBe(true)
    for (const spec of [
      { fit: 'original', format },
      { fit: 'width', width: 100, format },
    ] as const) {
      const { bytes } = await render(source, spec)
      const file = Buffer.from(bytes)
      expect(file.includes('Rue-Secrete-17')).toBe(false)
      expect(file.includes('Exif')).toBe(false)
      expect(await sharp(file).metadata()).toMatchObject({ hasProfile: false })
      expect((await sharp(file).metadata()).exif).toBeUndefined()
    }
  })
})

describe('damage', () => {
  it.each(OUTPUT_FORMATS)('refuses a %s that breaks off anywhere', async (format) => {
    const whole = await encode(photo(300, 200), format)
    for (const share of [0.02, 0.3, 0.6, 0.9, 0.97]) {
      await expect(
        render(truncated(whole, share), { fit: 'width', width: 100, format: 'png' }),
      ).rejects.toMatchObject({ code: 'source_broken', status: 415 })
    }
  })

  it('refuses a JPEG with noise in its middle', async () => {
    const file = Buffer.from(await encode(PHOTO, 'jpg'))
    file.fill(0xff, file.length / 2, file.length / 2 + 200)
    const spec = { fit: 'width', width: 100, format: 'png' } as const
    await expect(render(file, spec)).rejects.toMatchObject({ code: 'source_broken' })
  })
})

it('says how long each half took', async () => {
  const picture = await render(await encode(PHOTO, 'jpg'), { fit: 'width', width: 200, format: 'avif' })
  expect(picture.decodeMs).toBeGreaterThan(0)
  expect(picture.encodeMs).toBeGreaterThan(0)
  expect(picture.contentType).toBe('image/avif')
})

function cornerNames(picture: RawPicture): string[] {
  const [right, bottom] = [picture.width - 4, picture.height - 4]
  const places = [
    [3, 3],
    [right, 3],
    [3, bottom],
    [right, bottom],
  ] as const
  return places.map(([x, y]) => {
    const colour = pixelAt(picture, x, y)
    return (
      Object.entries(CORNERS).find(([, corner]) => distance(colour, corner) < 30)?.[0] ?? colour.join(' ')
    )
  })
}

/** IEC 61966-2-1 transfer curve and the matrix between the two sets of primaries, both for a D65 white. */
function srgbFromP3(colour: Colour): Colour {
  const [r, g, b] = [linear(colour[0]), linear(colour[1]), linear(colour[2])]
  return [
    curved(1.2249401 * r - 0.2249404 * g),
    curved(-0.0420569 * r + 1.0420571 * g),
    curved(-0.0196376 * r - 0.0786361 * g + 1.0982735 * b),
  ]
}

function linear(value: number): number {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

function curved(light: number): number {
  const clipped = Math.min(1, Math.max(0, light))
  return Math.round(255 * (clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055))
}
