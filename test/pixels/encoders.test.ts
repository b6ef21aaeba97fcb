import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  contentTypeOf,
  currentEpoch,
  encodeAs,
  epochOf,
  keepsAlpha,
  maxSideOf,
} from '../../src/pixels/encoders.ts'
import { OUTPUT_FORMATS } from '../../src/transform/spec.ts'
import { encode, paint, photo, pipelineOf } from '../support/pictures.ts'
import { decode, meanDifference } from './pixels.ts'
import { render } from './rendering.ts'

const PHOTO = photo(240, 160)

describe('epoch', () => {
  it('is three characters of a URL', () => {
    expect(currentEpoch()).toMatch(/^[A-Za-z0-9_-]{3}$/)
  })

  it('is the same for the same versions, and another for others', () => {
    const epoch = epochOf({ sharp: '1.0.0', vips: '8.0.0' })
    expect(epochOf({ sharp: '1.0.0', vips: '8.0.0' })).toBe(epoch)
    expect(epochOf({ sharp: '1.0.1', vips: '8.0.0' })).not.toBe(epoch)
    expect(epochOf({ sharp: '1.0.0', vips: '8.0.1' })).not.toBe(epoch)
  })
})

describe('flat graphics', () => {
  const drawing = paint(400, 300, (x, y) => {
    if ((x - 200) ** 2 + (y - 150) ** 2 < 8000) return [200, 30, 60]
    return y % 60 < 4 ? [20, 40, 90] : [250, 250, 245]
  })

  it('are exact as WebP, in fewer bytes than with loss', async () => {
    const source = await encode(drawing, 'png')
    const { bytes } = await render(source, { fit: 'original', format: 'webp' })
    const shown = await decode(bytes)
    expect(meanDifference(shown, drawing)).toBe(0)
    const lossy = await encodeAs(pipelineOf(drawing), 'webp').toBuffer()
    expect(bytes.length).toBeLessThan(lossy.length)
  })

  it('keep their colours at every edge as AVIF', async () => {
    const { bytes } = await render(await encode(drawing, 'png'), { fit: 'original', format: 'avif' })
    const asPhoto = await encodeAs(pipelineOf(drawing), 'avif').toBuffer()
    const [sharpEdges, softEdges] = [await decode(bytes), await decode(asPhoto)]
    expect(meanDifference(sharpEdges, drawing)).toBeLessThan(meanDifference(softEdges, drawing) * 0.7)
  })

  it.each(['avif', 'webp'] as const)('are not what a photograph is encoded as: %s', async (format) => {
    const { bytes } = await render(await encode(PHOTO, 'png'), { fit: 'original', format })
    const asPhoto = await encodeAs(pipelineOf(PHOTO), format).toBuffer()
    expect(Buffer.from(bytes).equals(asPhoto)).toBe(true)
  })
})

describe('encoders', () => {
  it.each(OUTPUT_FORMATS)('%s comes out as what its content type says', async (format) => {
    const header = await sharp(await encodeAs(pipelineOf(PHOTO), format).toBuffer()).metadata()
    expect(header.mediaType).toBe(contentTypeOf(format))
  })

  it('writes progressive JPEG', async () => {
    const header = await sharp(await encodeAs(pipelineOf(PHOTO), 'jpg').toBuffer()).metadata()
    expect(header.isProgressive).toBe(true)
  })

  it('lets nothing but JPEG keep transparency', () => {
    expect(OUTPUT_FORMATS.filter((format) => !keepsAlpha(format))).toEqual(['jpg'])
  })

  it.each(['webp', 'avif'] as const)('knows the longest side of %s', async (format) => {
    const longest = { data: new Uint8Array(maxSideOf(format) * 3), width: maxSideOf(format), height: 1 }
    const beyond = {
      data: new Uint8Array((maxSideOf(format) + 1) * 3),
      width: maxSideOf(format) + 1,
      height: 1,
    }
    await expect(encode({ ...longest, channels: 3 }, format)).resolves.toBeInstanceOf(Buffer)
    await expect(encode({ ...beyond, channels: 3 }, format)).rejects.toThrow(/too large|limit|dimension/i)
  })
})
