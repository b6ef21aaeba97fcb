import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { inspectPicture } from '../../src/pixels/inspect.ts'
import {
  corners,
  encode,
  encodeTurned,
  fade,
  photo,
  pipelineOf,
  pngBomb,
  truncated,
} from '../support/pictures.ts'
import { LIMITS } from './limits.ts'

const CORNERS = corners(60, 40)

describe('inspectPicture', () => {
  it.each([
    ['jpg', 'jpeg'],
    ['png', 'png'],
    ['webp', 'webp'],
    ['avif', 'avif'],
  ] as const)('knows a %s', async (format, name) => {
    expect(await inspectPicture(await encode(CORNERS, format), LIMITS)).toEqual({
      format: name,
      contentType: `image/${name}`,
      width: 60,
      height: 40,
      frames: 1,
      hasAlpha: false,
      orientation: 1,
    })
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'counts sides in the turned picture (orientation %i)',
    async (orientation) => {
      const facts = await inspectPicture(await encodeTurned(CORNERS, 'jpg', orientation), LIMITS)
      expect(facts).toMatchObject({
        orientation,
        width: orientation < 5 ? 60 : 40,
        height: orientation < 5 ? 40 : 60,
      })
    },
  )

  it('sees transparency', async () => {
    const file = await encode(fade(16, 16, [200, 100, 50]), 'png')
    expect(await inspectPicture(file, LIMITS)).toMatchObject({ hasAlpha: true })
  })

  it('counts the frames of an animation', async () => {
    expect(await inspectPicture(await animation(3), LIMITS)).toMatchObject({
      frames: 3,
      width: 20,
      height: 10,
    })
  })
})

describe('what is no picture', () => {
  const cases: readonly [string, string | Buffer, string][] = [
    ['nothing', '', 'empty'],
    ['a BMP', 'BM\x08\0\0\0', 'a BMP'],
    ['a JPEG XL', Buffer.from('\xff\x0a\0\0', 'latin1'), 'a JPEG XL'],
    ['a packed SVG', Buffer.from('\x1f\x8b\x08\0', 'latin1'), 'gzipped data'],
    ['a PDF', '%PDF-1.7', 'a PDF'],
    ['a HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'a HEIC'],
    ['an MP4', '\0\0\0\x18ftypisom\0\0\0\0isommp42', 'a video'],
    ['an HTML page', '  <!DOCTYPE html><html>', 'an HTML page'],
    ['some XML', '<Error><Code>NoSuchKey</Code></Error>', 'an XML document'],
    ['words', 'not a picture', 'no picture that we know'],
  ]

  it.each(cases)('names %s and what is accepted', async (_, content, name) => {
    const source = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
    await expect(inspectPicture(source, LIMITS)).rejects.toMatchObject({
      code: 'source_not_a_picture',
      message: expect.stringMatching(
        new RegExp(`${name}.*JPEG, PNG, WebP, AVIF, GIF, TIFF and SVG are accepted`),
      ),
    })
  })

  it('finds a picture that only pretends broken', async () => {
    const pretender = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(500, 0x20)])
    await expect(inspectPicture(pretender, LIMITS)).rejects.toMatchObject({ code: 'source_broken' })
  })

  it('finds a header that breaks off broken', async () => {
    const file = truncated(await encode(photo(64, 64), 'png'), 0.001)
    await expect(inspectPicture(file.subarray(0, 20), LIMITS)).rejects.toMatchObject({
      code: 'source_broken',
    })
  })
})

describe('limits', () => {
  it('refuses too many bytes', async () => {
    const file = await encode(CORNERS, 'png')
    const limits = { ...LIMITS, maxSourceBytes: file.length - 1 }
    await expect(inspectPicture(file, limits)).rejects.toMatchObject({ code: 'source_too_large' })
    await expect(inspectPicture(file, { ...LIMITS, maxSourceBytes: file.length })).resolves.toBeDefined()
  })

  it('refuses too many pixels, and names the sides', async () => {
    const file = await encode(CORNERS, 'png')
    await expect(inspectPicture(file, { ...LIMITS, maxPixels: 60 * 40 })).resolves.toBeDefined()
    await expect(inspectPicture(file, { ...LIMITS, maxPixels: 60 * 40 - 1 })).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('60×40'),
    })
  })

  it('refuses too many pixels in all frames', async () => {
    const file = await animation(4)
    await expect(inspectPicture(file, { ...LIMITS, maxFramePixels: 800 })).resolves.toBeDefined()
    await expect(inspectPicture(file, { ...LIMITS, maxFramePixels: 799 })).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('4 frames of 20×10'),
    })
  })

  it('refuses a bomb from its header', async () => {
    const bomb = pngBomb(30_000, 30_000)
    expect(bomb.length).toBeLessThan(200_000)
    await expect(inspectPicture(bomb, LIMITS)).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('30000×30000'),
    })
  })
})

async function animation(frames: number): Promise<Buffer> {
  const pictures = Array.from({ length: frames }, (_, frame) => {
    return pipelineOf({
      data: new Uint8Array(20 * 10 * 3).fill(frame * 60),
      width: 20,
      height: 10,
      channels: 3,
    })
      .png()
      .toBuffer()
  })
  return sharp(await Promise.all(pictures), { join: { animated: true } })
    .webp()
    .toBuffer()
}
