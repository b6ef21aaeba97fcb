import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { encodeAs } from '../../src/pixels/encoders.ts'
import { qualitySettings } from '../../src/retouch/quality.ts'
import type { Edits } from '../../src/transform/edits.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../../src/transform/spec.ts'
import { encode, paint, photo, pipelineOf } from '../support/pictures.ts'
import { decode, meanDifference } from './pixels.ts'
import { render } from './rendering.ts'

const PHOTO = photo(160, 120)
const SOURCE = encode(PHOTO, 'png')

async function made(format: OutputFormat, edits?: Edits): Promise<Buffer> {
  const { bytes } = await render(await SOURCE, { fit: 'original', edits, format })
  return Buffer.from(bytes)
}

describe('quality', () => {
  it.each(OUTPUT_FORMATS)('85 is what a %s has without it', async (format) => {
    expect((await made(format, { quality: 85 })).equals(await made(format))).toBe(true)
    expect(qualitySettings(format, 85, true)).toEqual({})
  })

  it.each(['jpg', 'webp', 'avif'] as const)('makes a %s larger and truer as it rises', async (format) => {
    const files = await Promise.all([10, 35, 60, 84, 85, 92, 100].map((quality) => made(format, { quality })))
    const sizes = files.map((file) => file.length)
    expect(sizes).toEqual(sizes.toSorted((one, other) => one - other))
    const [worst, best] = [files[0] ?? Buffer.alloc(0), files.at(-1) ?? Buffer.alloc(0)]
    expect(meanDifference(await decode(best), PHOTO)).toBeLessThan(
      meanDifference(await decode(worst), PHOTO) / 2,
    )
  })

  it.each(['jpg', 'webp', 'avif'] as const)('never falls on the scale of a %s as it rises', (format) => {
    for (const isFlat of [false, true]) {
      const own = Array.from({ length: 100 }, (_, index) =>
        qualitySettings(format, index + 1, isFlat),
      ).flatMap((settings) => ('quality' in settings ? [settings.quality ?? 0] : []))
      expect(own.length).toBeGreaterThan(50)
      expect(own).toEqual(own.toSorted((one, other) => one - other))
      expect(Math.min(...own)).toBeGreaterThanOrEqual(1)
      expect(Math.max(...own)).toBeLessThanOrEqual(100)
    }
  })

  it('100 loses nothing as WebP', async () => {
    expect(meanDifference(await decode(await made('webp', { quality: 100 })), PHOTO)).toBe(0)
  })

  it('below 85 lets a PNG have a palette, and loses nothing from there on', async () => {
    expect((await sharp(await made('png', { quality: 60 })).metadata()).isPalette).toBe(true)
    expect((await made('png', { quality: 100 })).equals(await made('png'))).toBe(true)
  })

  it('is nothing to a GIF', async () => {
    expect((await made('gif', { quality: 20 })).equals(await made('gif'))).toBe(true)
  })

  it('leaves flat graphics without loss as WebP, until little is asked for', async () => {
    const drawing = paint(200, 150, (x, y) => (x + y < 150 ? [200, 30, 60] : [250, 250, 245]))
    const source = await encode(drawing, 'png')
    const lossAt = async (quality: number) => {
      const { bytes } = await render(source, { fit: 'original', edits: { quality }, format: 'webp' })
      return meanDifference(await decode(bytes), drawing)
    }
    expect(await lossAt(75)).toBe(0)
    expect(await lossAt(30)).toBeGreaterThan(0)
  })
})

describe('a JPEG', () => {
  it('is progressive unless it is to be baseline or made fast', async () => {
    const isProgressive = async (edits?: Edits) =>
      (await sharp(await made('jpg', edits)).metadata()).isProgressive
    expect(await isProgressive()).toBe(true)
    expect(await isProgressive({ baseline: true })).toBe(false)
    expect(await isProgressive({ fast: true })).toBe(false)
  })

  it('shows the same baseline as progressive', async () => {
    const [one, other] = [
      await decode(await made('jpg')),
      await decode(await made('jpg', { baseline: true })),
    ]
    expect(meanDifference(one, other)).toBe(0)
  })
})

describe('fast', () => {
  it.each(OUTPUT_FORMATS)('is still a %s of the same picture', async (format) => {
    const file = await made(format, { fast: true })
    expect(file.equals(await made(format))).toBe(false)
    expect(meanDifference(await decode(file), PHOTO)).toBeLessThan(12)
  })

  it('leaves an asked quality as it is', async () => {
    const asked = await encodeAs(pipelineOf(PHOTO), 'jpg', { edits: { quality: 30, fast: true } }).toBuffer()
    const best = await encodeAs(pipelineOf(PHOTO), 'jpg', { edits: { fast: true } }).toBuffer()
    expect(asked.length).toBeLessThan(best.length * 0.7)
  })
})
