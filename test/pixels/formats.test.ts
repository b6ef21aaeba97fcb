import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { isDisplayP3 } from '../../src/pixels/profiles.ts'
import { CORNERS, corners, paint, photo, pipelineOf } from '../support/pictures.ts'
import { LIMITS } from './limits.ts'
import { alphaAt, decode, distance, meanDifference, pixelAt } from './pixels.ts'
import { render } from './rendering.ts'

declare module 'sharp' {
  interface Sharp {
    /** Missing in the types of sharp 0.35. */
    withGainMap(): Sharp
  }
}

/** Puts an EXIF block with an orientation behind the first two bytes of a JPEG (EXIF 2.3 §4.5.2). */
function turned(jpeg: Buffer, orientation: number): Buffer {
  const exif = Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1')
  exif.writeUInt16BE(orientation, 24)
  const segment = Buffer.from([0xff, 0xe1, 0, exif.length + 2])
  return Buffer.concat([jpeg.subarray(0, 2), segment, exif, jpeg.subarray(2)])
}

const svg = (attributes: string, content = '') =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${content}</svg>`)

describe('an SVG', () => {
  const HALVES =
    '<rect width="12" height="12" fill="#dc1e1e"/><rect x="12" width="12" height="12" fill="#1ebe28"/>'

  it('is drawn at the size that is asked for, sharp at its edges', async () => {
    const picture = await render(svg('width="24" height="12"', HALVES), {
      fit: 'width',
      width: 800,
      format: 'png',
    })
    expect([picture.width, picture.height]).toEqual([800, 400])
    const shown = await decode(picture.bytes)
    expect(distance(pixelAt(shown, 397, 200), [220, 30, 30])).toBeLessThan(4)
    expect(distance(pixelAt(shown, 402, 200), [30, 190, 40])).toBeLessThan(4)
  })

  it('has its own size as original, and none but its view box', async () => {
    const picture = await render(svg('viewBox="0 0 300 100"', HALVES), { fit: 'original', format: 'png' })
    expect([picture.width, picture.height]).toEqual([300, 100])
  })

  it('keeps what is transparent, and shows the background in a JPEG', async () => {
    const source = svg('width="20" height="20"', '<rect width="10" height="20" fill="#000"/>')
    const png = await decode((await render(source, { fit: 'original', format: 'png' })).bytes)
    expect(alphaAt(png, 15, 10)).toBe(0)
    const settings = { background: '#2040ff' }
    const jpg = await decode((await render(source, { fit: 'original', format: 'jpg' }, { settings })).bytes)
    expect(distance(pixelAt(jpg, 15, 10), [32, 64, 255])).toBeLessThan(8)
  })

  it('follows no reference', async () => {
    const outside = `<image href="file:///etc/hostname" width="20" height="20"/><use href="http://127.0.0.1:9/a.svg#b"/>`
    const source = svg(
      'width="20" height="20"',
      `${outside}<script>throw 1</script><rect width="5" height="5"/>`,
    )
    const shown = await decode((await render(source, { fit: 'original', format: 'png' })).bytes)
    expect(alphaAt(shown, 12, 12)).toBe(0)
    expect(alphaAt(shown, 2, 2)).toBe(255)
  })

  it('with entities is refused, and its owner told what to do', async () => {
    const bomb = Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>',
    )
    await expect(render(bomb, { fit: 'width', width: 100, format: 'png' })).rejects.toMatchObject({
      code: 'source_not_a_picture',
      message: expect.stringContaining('save it without them'),
    })
  })

  it.each(['width="1000000000" height="1000000000"', 'width="1e9" height="10"'])(
    'with %s is refused',
    async (sides) => {
      await expect(render(svg(sides), { fit: 'width', width: 100, format: 'png' })).rejects.toMatchObject({
        code: expect.stringMatching(/^source_/),
      })
    },
  )

  it('is not drawn beyond the limit of pixels', async () => {
    const limits = { ...LIMITS, maxPixels: 1_000_000 }
    const spec = { fit: 'width', width: 2000, format: 'png' } as const
    await expect(render(svg('width="24" height="24"'), spec, { limits })).rejects.toMatchObject({
      code: 'source_too_large',
      message: expect.stringContaining('2000×2000'),
    })
  })
})

describe('a TIFF', () => {
  it.each(['none', 'lzw', 'deflate', 'jpeg'] as const)('packed with %s is shown', async (compression) => {
    const source = await pipelineOf(corners(80, 60)).tiff({ compression, quality: 95 }).toBuffer()
    const shown = await decode((await render(source, { fit: 'width', width: 40, format: 'png' })).bytes)
    expect(distance(pixelAt(shown, 3, 3), CORNERS.topLeft)).toBeLessThan(16)
    expect(distance(pixelAt(shown, 36, 26), CORNERS.bottomRight)).toBeLessThan(16)
  })
})

describe('16 bits', () => {
  it.each(['p3', 'srgb'] as const)(
    'with a profile (%s) come out in the colours of 8 bits',
    async (profile) => {
      const eight = pipelineOf(corners(40, 40)).withIccProfile(profile)
      const deep = await eight.clone().toColourspace('rgb16').png().toBuffer()
      expect((await sharp(deep).metadata()).depth).toBe('ushort')
      const shown = await decode((await render(deep, { fit: 'original', format: 'png' })).bytes)
      expect(distance(pixelAt(shown, 3, 3), CORNERS.topLeft)).toBeLessThan(6)
    },
  )
})

describe('Display P3', () => {
  const wide = () => pipelineOf(paint(8, 8, () => [234, 51, 35]))

  async function inP3(): Promise<Buffer> {
    // The numbers stay what they are: (234, 51, 35) in P3 is what sRGB can show at most of red.
    const { icc } = await sharp(
      await pipelineOf(corners(8, 8)).withIccProfile('p3').png().toBuffer(),
    ).metadata()
    expect(isDisplayP3(icc ?? Buffer.alloc(0))).toBe(true)
    return wide().withIccProfile('p3').png().toBuffer()
  }

  it('is told by its primaries', async () => {
    const { icc } = await sharp(await wide().withIccProfile('srgb').png().toBuffer()).metadata()
    expect(isDisplayP3(icc ?? Buffer.alloc(0))).toBe(false)
    expect(isDisplayP3(Buffer.alloc(4))).toBe(false)
  })

  it.each(['png', 'webp', 'avif', 'jpg'] as const)(
    'stays with its profile as %s where that is set',
    async (format) => {
      const source = await inP3()
      const before = await decode(source)
      const { bytes } = await render(
        source,
        { fit: 'width', width: 4, format },
        { settings: { keepsP3: true } },
      )
      const { icc } = await sharp(bytes).metadata()
      expect(isDisplayP3(icc ?? Buffer.alloc(0))).toBe(true)
      expect(distance(pixelAt(await decode(bytes), 2, 2), pixelAt(before, 2, 2))).toBeLessThan(8)
    },
  )

  it('becomes sRGB without a profile otherwise, and always as GIF', async () => {
    const source = await inP3()
    const plain = await render(source, { fit: 'original', format: 'png' })
    const gif = await render(source, { fit: 'original', format: 'gif' }, { settings: { keepsP3: true } })
    for (const { bytes } of [plain, gif]) {
      expect((await sharp(bytes).metadata()).icc).toBeUndefined()
      expect(distance(pixelAt(await decode(bytes), 4, 4), [234, 51, 35])).toBeLessThan(8)
    }
  })
})

describe('an HDR gain map', () => {
  const gps = { IFD3: { GPSLatitude: '47/1 22/1 0/1', GPSLatitudeRef: 'N' }, IFD0: { Make: 'Camera & Sons' } }
  const ultraHdr = () => pipelineOf(photo(120, 80)).withGainMap().withExif(gps).jpeg().toBuffer()

  it('goes with a JPEG, at its size, without the metadata', async () => {
    const source = await ultraHdr()
    expect((await sharp(source).metadata()).gainMap).toBeDefined()
    const { bytes } = await render(source, { fit: 'width', width: 60, format: 'jpg' })
    const { gainMap, width } = await sharp(bytes).metadata()
    expect([width, gainMap !== undefined]).toEqual([60, true])
    expect(Buffer.from(bytes).includes('Camera & Sons')).toBe(false)
    const without = await render(source, { fit: 'width', width: 60, format: 'png' })
    expect(meanDifference(await decode(bytes), await decode(without.bytes))).toBeLessThan(12)
  })

  it.each([
    ['as WebP', 'webp', {}],
    ['where that is set', 'jpg', { keepsGainMap: false }],
  ] as const)('is left out %s', async (_, format, settings) => {
    const { bytes } = await render(await ultraHdr(), { fit: 'width', width: 60, format }, { settings })
    expect((await sharp(bytes).metadata()).gainMap).toBeUndefined()
  })

  it.each([
    ['cut where something catches the eye', { crop: 'attention' }, false],
    ['cut in the middle', { crop: 'centre' }, true],
    ['averaged in linear light', { crop: 'centre', linearLight: true }, false],
  ] as const)('of a turned picture, %s', async (_, settings, isKept) => {
    const source = turned(await pipelineOf(corners(120, 80)).withGainMap().jpeg().toBuffer(), 6)
    const spec = { fit: 'cover', width: 40, height: 40, format: 'jpg' } as const
    const picture = await render(source, spec, { settings })
    expect((await sharp(picture.bytes).metadata()).gainMap !== undefined).toBe(isKept)
    expect((await sharp(source).metadata()).gainMap).toBeDefined()
    const shown = await decode(picture.bytes)
    expect([shown.width, shown.height]).toEqual([40, 40])
    // Turned to the right, what was on the left is at the top.
    const stored = await decode(source)
    const left = [pixelAt(stored, 30, 10), pixelAt(stored, 30, 70)]
    expect(Math.min(...left.map((colour) => distance(pixelAt(shown, 3, 3), colour)))).toBeLessThan(24)
  })
})

describe('linear light', () => {
  const checks = paint(120, 120, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255] : [0, 0, 0]))

  it.each([
    ['averages light where it is set', true, 188],
    ['averages numbers otherwise', false, 128],
  ])('%s', async (_, linearLight, grey) => {
    const source = await pipelineOf(checks).png().toBuffer()
    const { bytes } = await render(
      source,
      { fit: 'width', width: 12, format: 'png' },
      { settings: { linearLight } },
    )
    expect(distance(pixelAt(await decode(bytes), 6, 6), [grey, grey, grey])).toBeLessThan(4)
  })

  it.each([
    ['a profile', () => pipelineOf(checks).withIccProfile('p3').png().toBuffer()],
    ['CMYK', () => pipelineOf(checks).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()],
  ])('works through %s', async (_, make) => {
    const settings = { linearLight: true }
    const { bytes } = await render(await make(), { fit: 'width', width: 12, format: 'png' }, { settings })
    expect(pixelAt(await decode(bytes), 6, 6)[0]).toBeGreaterThan(150)
  })
})

describe('copyright', () => {
  const exif = { IFD0: { Copyright: 'Ana Holm 2026', Artist: 'Ana Holm', Make: 'Camera & Sons' } }
  const source = () => pipelineOf(photo(60, 40)).withExif(exif).jpeg().toBuffer()

  it.each(['jpg', 'webp', 'avif', 'png'] as const)(
    'goes with a %s where that is set, and nothing else',
    async (format) => {
      const settings = { keepsCopyright: true }
      const { bytes } = await render(await source(), { fit: 'width', width: 30, format }, { settings })
      const text = Buffer.from(bytes).toString('latin1')
      const kept = format === 'png' ? ((await sharp(bytes).metadata()).exif?.toString('latin1') ?? '') : text
      expect(kept).toContain('Ana Holm 2026')
      expect(kept).not.toContain('Camera & Sons')
    },
  )

  it('goes with nothing otherwise', async () => {
    const { bytes } = await render(await source(), { fit: 'width', width: 30, format: 'jpg' })
    expect((await sharp(bytes).metadata()).exif).toBeUndefined()
  })
})

describe('a box', () => {
  const source = () => pipelineOf(corners(120, 80)).png().toBuffer()
  const BOX = { fit: 'cover', width: 30, height: 30, format: 'png' } as const

  it.each([
    [{ x: 0, y: 0.5 }, CORNERS.topLeft],
    [{ x: 1, y: 0.5 }, CORNERS.topRight],
  ])('is cut around the focal point %o', async (focus, colour) => {
    const banner = await pipelineOf(corners(160, 40)).png().toBuffer()
    const shown = await decode((await render(banner, BOX, { focus })).bytes)
    expect([shown.width, shown.height]).toEqual([30, 30])
    for (const x of [2, 27]) expect(distance(pixelAt(shown, x, 2), colour)).toBeLessThan(8)
  })

  it('is cut in the middle where that is set', async () => {
    const { bytes } = await render(await source(), BOX, { settings: { crop: 'centre' } })
    const shown = await decode(bytes)
    expect(distance(pixelAt(shown, 12, 2), CORNERS.topLeft)).toBeLessThan(8)
    expect(distance(pixelAt(shown, 17, 2), CORNERS.topRight)).toBeLessThan(8)
  })

  it.each([
    ['entropy', 0],
    ['attention', 1],
  ] as const)('is cut by %s to where the picture has something', async (crop, salient) => {
    const lively = paint(150, 50, (x) => {
      const at = salient === 0 ? 110 : 10
      return x >= at && x < at + 30 ? [(x * 83) % 256, (x * 151) % 256, (x * 29) % 256] : [128, 128, 128]
    })
    const made = await pipelineOf(lively).png().toBuffer()
    const { bytes } = await render(made, { ...BOX, width: 50, height: 50 }, { settings: { crop } })
    const shown = await decode(bytes)
    const colours = new Set(Array.from({ length: 50 }, (_, x) => pixelAt(shown, x, 25).join()))
    expect(colours.size).toBeGreaterThan(20)
  })

  it('is the same each time', async () => {
    const made = await pipelineOf(photo(300, 200)).jpeg().toBuffer()
    const [one, other] = await Promise.all([render(made, BOX), render(made, BOX)])
    expect(Buffer.from(one.bytes).equals(Buffer.from(other.bytes))).toBe(true)
  })
})
