import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { GRAPHICS, svgOf } from '../../bench/quality/graphics.ts'
import { photograph } from '../../samples/darkroom.ts'
import { SCENES } from '../../samples/scenes.ts'
import { classify, type RawPixels } from '../../src/pixels/colours.ts'
import { corners, paint, photo } from '../support/pictures.ts'

/** Raw pixels at a width, as the encoder would get them. */
async function resized(source: Buffer, width: number): Promise<RawPixels> {
  const { data, info } = await sharp(source).resize({ width }).raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

const graphic = (name: string): Buffer => {
  const found = GRAPHICS.find((graphic) => graphic.name === name)
  if (found === undefined) throw new Error(`There is no graphic ${name}`)
  return svgOf(found)
}

describe('flat graphics', () => {
  const drawn = ['logo', 'screenshot', 'chart', 'line-art'].flatMap((name) =>
    [320, 800, 1600].map((width) => [name, width] as const),
  )

  it.each(drawn)('%s at %i wide', async (name, width) => {
    expect(classify(await resized(graphic(name), width))).toBe('flat')
  })

  it('few colours that lie close together', () => {
    const stripes = paint(300, 200, (x, y) => [200, 40 + (x >> 5), 40 + (y >> 7)])
    expect(classify(stripes)).toBe('flat')
  })

  it('one colour, one pixel', () => {
    expect(classify(corners(80, 60))).toBe('flat')
    expect(classify(paint(1, 1, () => [1, 2, 3]))).toBe('flat')
    expect(classify(paint(1, 50, () => [1, 2, 3]))).toBe('flat')
  })

  it('colours that nobody sees do not count', () => {
    const noise = photo(200, 200)
    const hidden = new Uint8Array(200 * 200 * 4)
    for (let at = 0; at < 200 * 200; at += 1) hidden.set(noise.data.subarray(at * 3, at * 3 + 3), at * 4)
    const pixels = { data: hidden, width: 200, height: 200, channels: 4 } as const
    expect(classify(pixels)).toBe('flat')
    expect(classify({ ...pixels, data: hidden.map((value, at) => (at % 4 === 3 ? 255 : value)) })).toBe(
      'photo',
    )
  })
})

describe('photographs', () => {
  let product: Buffer

  beforeAll(async () => {
    const shot = SCENES['camera-front']
    if (shot === undefined) throw new Error('There is no scene camera-front')
    product = (await photograph(shot, 1, 0.4)).bytes
  })

  it.each([160, 320, 800])('a sample at %i wide', async (width) => {
    expect(classify(await resized(product, width))).toBe('photo')
  })

  it.each([160, 800])('a thing cut out, small on plain white, at %i wide', async (width) => {
    const cut = await sharp(product)
      .resize(600, 400)
      .extend({ top: 400, bottom: 400, left: 600, right: 600, background: '#fff' })
      .png()
      .toBuffer()
    expect(classify(await resized(cut, width))).toBe('photo')
  })

  it('a window of a program with a photograph in it', async () => {
    const inset = await sharp(product).resize(900, 700, { fit: 'fill' }).toBuffer()
    const window = await sharp(graphic('screenshot'))
      .composite([{ input: inset, left: 600, top: 400 }])
      .png()
      .toBuffer()
    expect(classify(await resized(window, 800))).toBe('photo')
  })

  it.each([800, 1600])('a drawing that was a JPEG, with its artefacts, at %i wide', async (width) => {
    const worn = await sharp(graphic('chart')).jpeg({ quality: 80 }).toBuffer()
    expect(classify(await resized(worn, width))).toBe('photo')
  })

  it('a gradient: without loss it takes a multiple of the bytes', () => {
    const gradient = paint(800, 400, (x, y) => [40 + x / 4, 60 + y / 8, 90 + (x + y) / 12])
    expect(classify(gradient)).toBe('photo')
  })

  it('grey, with and without opacity', async () => {
    const grey = await sharp(product).resize(400).greyscale().raw().toBuffer({ resolveWithObject: true })
    const { width, height } = grey.info
    expect(classify({ data: grey.data, width, height, channels: 1 })).toBe('photo')
    const both = Uint8Array.from({ length: width * height * 2 }, (_, at) =>
      at % 2 === 0 ? (grey.data[at / 2] ?? 0) : 255,
    )
    expect(classify({ data: both, width, height, channels: 2 })).toBe('photo')
  })

  it('dark grey with grain, however few its levels', () => {
    const night = photo(300, 200)
    const grey = Uint8Array.from({ length: 300 * 200 }, (_, at) => (night.data[at * 3] ?? 0) >> 3)
    expect(classify({ data: grey, width: 300, height: 200, channels: 1 })).toBe('photo')
  })
})

it('looks at no more of a large picture than of a small one', () => {
  const reads = (width: number): number => {
    const { data, ...sides } = corners(width, width)
    let count = 0
    const watched = new Proxy(data, {
      get(target, key) {
        count += 1
        return Reflect.get(target, key)
      },
    })
    classify({ ...sides, data: watched })
    return count
  }
  expect(reads(600)).toBeLessThan(reads(100) * 1.1)
})
