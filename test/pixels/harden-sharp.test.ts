import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { hardenSharp } from '../../src/pixels/answer-job.ts'
import { OUTPUT_FORMATS } from '../../src/transform/spec.ts'
import { corners, encode, pipelineOf } from '../support/pictures.ts'

describe('hardenSharp', () => {
  beforeAll(hardenSharp)

  it.each(OUTPUT_FORMATS)('leaves the loader of %s', async (format) => {
    const file = await encode(corners(8, 8), format)
    await expect(sharp(file).metadata()).resolves.toMatchObject({ width: 8 })
  })

  it('leaves those of TIFF and SVG', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
    for (const file of [await pipelineOf(corners(8, 8)).tiff().toBuffer(), svg]) {
      await expect(sharp(file).metadata()).resolves.toMatchObject({ width: 8 })
    }
  })

  it('blocks what is not served: PPM, Radiance', async () => {
    const others = ['P6 8 8 255\n', '#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n']
    for (const head of others) {
      const file = Buffer.concat([Buffer.from(head), Buffer.alloc(8 * 8 * 4)])
      await expect(sharp(file).metadata()).rejects.toThrow(/unsupported image format/)
    }
  })

  it('leaves one thread a picture and no cache', () => {
    expect(sharp.concurrency()).toBe(1)
    expect(sharp.cache().memory.max).toBe(0)
  })
})
