import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { encodeAs } from '../../src/pixels/encoders.ts'
import type { Edits } from '../../src/transform/edits.ts'
import type { OutputFormat, Size } from '../../src/transform/spec.ts'
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
  type RawPicture,
} from '../support/pictures.ts'
import { LIMITS } from './limits.ts'
import { alphaAt, decode, distance, meanDifference, pixelAt } from './pixels.ts'
import { render } from './rendering.ts'

const ORIGINAL = { fit: 'original' } as const
const WHITE = [255, 255, 255] as const

/** What comes out of an edit as PNG, and its sides as told. */
async function edited(
  source: Buffer,
  edits: Edits,
  { format = 'png', ...size }: Size & { readonly format?: OutputFormat } = ORIGINAL,
): Promise<RawPicture> {
  const picture = await render(source, { ...size, edits, format })
  const decoded = await decode(picture.bytes)
  expect([decoded.width, decoded.height]).toEqual([picture.width, picture.height])
  return decoded
}

const QUARTERS = encode(corners(120, 80), 'png')

describe('mirroring and turning', () => {
  const STORED = ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'] as const
  type Seen = readonly number[]
  const MIRRORED = { h: [1, 0, 3, 2], v: [2, 3, 0, 1], hv: [3, 2, 1, 0], none: [0, 1, 2, 3] } as const
  // Clockwise: what was at the bottom left is seen at the top left.
  const TURNED = { 0: [0, 1, 2, 3], 90: [2, 0, 3, 1], 180: [3, 2, 1, 0], 270: [1, 3, 0, 2] } as const
  const after = (first: Seen, second: Seen): Seen => second.map((place) => first[place] ?? 0)
  // EXIF 2.3, table 6.
  const ORIENTED: readonly Seen[] = [
    [0, 1, 2, 3],
    [1, 0, 3, 2],
    [3, 2, 1, 0],
    [2, 3, 0, 1],
    [0, 2, 1, 3],
    [2, 0, 3, 1],
    [3, 1, 2, 0],
    [1, 3, 0, 2],
  ]
  const cases = (['none', 'h', 'v', 'hv'] as const).flatMap((flip) =>
    ([0, 90, 180, 270] as const).map((rotate) => [flip, rotate] as const),
  )

  it.each(cases)('%s, then %d degrees, after every orientation', async (flip, rotate) => {
    const edits = { ...(flip !== 'none' && { flip }), ...(rotate && { rotate }) }
    for (const [index, oriented] of ORIENTED.entries()) {
      const source = await encodeTurned(corners(120, 80), 'jpg', index + 1)
      const shown = await edited(source, edits, { fit: 'width', width: 60 })
      const lies = index >= 4 !== (rotate === 90 || rotate === 270)
      expect([shown.width, shown.height]).toEqual(lies ? [60, 90] : [60, 40])
      const seen = after(after(oriented, MIRRORED[flip]), TURNED[rotate])
      expect(cornersOf(shown)).toEqual(seen.map((place) => STORED[place]))
    }
  })

  it('moves every pixel and changes none', async () => {
    const source = photo(37, 23)
    const shown = await edited(await encode(source, 'png'), { flip: 'h', rotate: 90 })
    for (const [x, y] of [
      [0, 0],
      [5, 9],
      [22, 36],
    ] as const) {
      // Mirrored: from the right; turned: x of the result goes up the source.
      expect(pixelAt(shown, x, y)).toEqual(pixelAt(source, 36 - y, 22 - x))
    }
  })
})

describe('a large picture that is turned and made small', () => {
  const large = encode(photo(901, 603), 'jpg')

  it.each<[Edits, Size]>([
    [
      { flip: 'h', rotate: 90 },
      { fit: 'width', width: 120 },
    ],
    [{ rotate: 270 }, { fit: 'squeeze', width: 100, height: 77 }],
    [{ flip: 'v' }, { fit: 'cover', width: 90, height: 90 }],
    [
      { rotate: 90, gravity: { by: 'remainder', x: 0.2, y: 0.9 } },
      { fit: 'cover', width: 90, height: 60 },
    ],
  ])('%j %j is what it is when it is turned first', async (edits, size) => {
    const { gravity, ...turn } = edits
    const turned = await render(await large, { fit: 'original', edits: turn, format: 'png' })
    const expected = await edited(Buffer.from(turned.bytes), { ...(gravity && { gravity }) }, size)
    expect(meanDifference(await edited(await large, edits, size), expected)).toBeLessThan(2)
  })
})

describe('trimming', () => {
  /** A red subject at 30, 10 of 40×20, on a grey field of 100×50 with a blue dot far from it. */
  const scene = () =>
    paint(100, 50, (x, y) => {
      if (x >= 30 && x < 70 && y >= 10 && y < 30) return [220, 30, 30]
      return [128, 128, 128]
    })

  it('cuts off lengths as they are given', async () => {
    const sides = { top: 10, right: 30, bottom: 20, left: 0.3 }
    const shown = await edited(await encode(scene(), 'png'), { trim: { by: 'sides', sides } })
    expect([shown.width, shown.height]).toEqual([40, 20])
    for (const [x, y] of [
      [0, 0],
      [39, 19],
    ] as const)
      expect(pixelAt(shown, x, y)).toEqual([220, 30, 30])
  })

  it('keeps a box, before it turns and before it scales', async () => {
    const box = { left: 30, top: 10, width: 40 }
    const edits = { trim: { by: 'box', box }, rotate: 90 } as const
    const shown = await edited(await encode(scene(), 'png'), edits, { fit: 'width', width: 20 })
    // 40×40 of the field, the subject above; turned it lies at the right.
    expect([shown.width, shown.height]).toEqual([20, 20])
    expect([pixelAt(shown, 2, 10), pixelAt(shown, 17, 10)]).toEqual([
      [128, 128, 128],
      [220, 30, 30],
    ])
  })

  it.each(['png', 'jpg', 'webp'] as const)('finds the border of a %s', async (format) => {
    const source = await encode(scene(), format)
    const border = { keep: 2 }
    const shown = await edited(source, { trim: { by: 'border', border } })
    const spread = format === 'png' ? 0 : 1
    expect(Math.abs(shown.width - 44)).toBeLessThanOrEqual(spread * 16)
    expect(Math.abs(shown.height - 24)).toBeLessThanOrEqual(spread * 16)
    expect(distance(pixelAt(shown, shown.width >> 1, shown.height >> 1), [220, 30, 30])).toBeLessThan(12)
  })

  it('counts in the picture as its orientation shows it', async () => {
    const source = await encodeTurned(corners(120, 80), 'jpg', 6)
    const sides = { top: 60, right: 0, bottom: 0, left: 40 }
    const shown = await edited(source, { trim: { by: 'sides', sides } })
    expect([shown.width, shown.height]).toEqual([40, 60])
    // Turned, its upper right corner is below at the right.
    expect(distance(pixelAt(shown, 20, 30), CORNERS.topRight)).toBeLessThan(24)
  })
})

describe('what stays of a picture in a box', () => {
  const strip = encode(
    paint(300, 100, (x) => [x < 100 ? 250 : 20, x >= 100 && x < 200 ? 250 : 20, x >= 200 ? 250 : 20]),
    'png',
  )
  const box = { fit: 'cover', width: 100, height: 100 } as const
  const [RED, GREEN, BLUE]: readonly Colour[] = [
    [250, 20, 20],
    [20, 250, 20],
    [20, 20, 250],
  ]

  it.each([
    ['remainder', 0, RED],
    ['remainder', 0.5, GREEN],
    ['remainder', 1, BLUE],
    ['centre', 0.1, RED],
    ['centre', 0.5, GREEN],
    ['centre', 0.9, BLUE],
  ] as const)('%s %d', async (by, x, colour) => {
    for (const fit of ['cover', 'crop', 'aspect-crop'] as const) {
      const shown = await edited(await strip, { gravity: { by, x, y: 0.5 } }, { ...box, fit })
      expect([shown.width, shown.height]).toEqual([100, 100])
      for (const at of [1, 50, 98]) expect(pixelAt(shown, at, 50)).toEqual(colour)
    }
  })

  it('is where most detail is, by entropy', async () => {
    const busy = paint(300, 100, (x, y) =>
      x < 200 ? [90, 90, 90] : [(x * 89 + y * 53) % 256, (x * y) % 256, 40],
    )
    const shown = await edited(await encode(busy, 'png'), { gravity: { by: 'entropy' } }, box)
    expect(distance(pixelAt(shown, 50, 50), [90, 90, 90])).toBeGreaterThan(0)
    expect(pixelAt(shown, 98, 50)).toEqual(pixelAt(busy, 298, 50))
  })

  it('goes by the focal point where nothing is said, mirrored with the picture', async () => {
    const spec = { ...box, edits: { flip: 'h' }, format: 'png' } as const
    const picture = await render(await strip, spec, { focus: { x: 0.9, y: 0.5 } })
    expect(pixelAt(await decode(picture.bytes), 50, 50)).toEqual(BLUE)
  })

  it('is the whole of it, distorted, when it is squeezed', async () => {
    const shown = await edited(await strip, {}, { fit: 'squeeze', width: 30, height: 90 })
    expect([pixelAt(shown, 4, 45), pixelAt(shown, 25, 45)]).toEqual([RED, BLUE])
  })
})

describe('padding, background and border', () => {
  const pad = { fit: 'pad', width: 100, height: 100 } as const

  it('puts the picture between bars of the background', async () => {
    const shown = await edited(await QUARTERS, { background: 'ff0000' }, pad)
    expect([shown.width, shown.height]).toEqual([100, 100])
    // 100×67 in the middle.
    expect([pixelAt(shown, 50, 15), pixelAt(shown, 50, 83)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
    ])
    expect(distance(pixelAt(shown, 5, 17), CORNERS.topLeft)).toBeLessThan(12)
    expect(distance(pixelAt(shown, 95, 82), CORNERS.bottomRight)).toBeLessThan(12)
  })

  it("pads with the operator's background where none is named, also what is transparent", async () => {
    expect(pixelAt(await edited(await QUARTERS, {}, pad), 50, 5)).toEqual(WHITE)
    const source = await encode(fade(64, 16, [200, 40, 60]), 'png')
    const settings = { background: '#336699' }
    const picture = await render(source, { ...pad, format: 'png' }, { settings })
    const shown = await decode(picture.bytes)
    expect([pixelAt(shown, 50, 5), alphaAt(shown, 50, 5)]).toEqual([[51, 102, 153], 255])
    expect(alphaAt(shown, 1, 50)).toBeLessThan(12)
    const opaque = await decode((await render(source, { ...pad, format: 'jpg' }, { settings })).bytes)
    expect(distance(pixelAt(opaque, 1, 50), [51, 102, 153])).toBeLessThan(12)
  })

  it('pads with what is transparent, where the format can be', async () => {
    const shown = await edited(await QUARTERS, { background: '00000000' }, pad)
    expect([alphaAt(shown, 50, 5), alphaAt(shown, 50, 50)]).toEqual([0, 255])
    const asJpeg = await edited(await QUARTERS, { background: '00000000' }, { ...pad, format: 'jpg' })
    expect(distance(pixelAt(asJpeg, 50, 5), WHITE)).toBeLessThan(4)
  })

  it('paints under what is transparent, in every format', async () => {
    const source = await encode(fade(64, 16, [200, 40, 60]), 'png')
    for (const format of ['png', 'webp', 'jpg', 'gif', 'avif'] as const) {
      const shown = await edited(source, { background: '00ff00' }, { fit: 'original', format })
      expect(alphaAt(shown, 0, 8)).toBe(255)
      expect(distance(pixelAt(shown, 0, 8), [0, 255, 0])).toBeLessThan(16)
    }
  })

  it('gives a grey picture its colour', async () => {
    const grey = await pipelineOf(paint(20, 20, () => [77, 77, 77]))
      .greyscale()
      .png()
      .toBuffer()
    const shown = await edited(grey, { background: 'ff0000' }, pad)
    expect(pixelAt(shown, 50, 50)).toEqual([77, 77, 77])
    const wide = await edited(grey, { background: 'ff0000' }, { fit: 'pad', width: 100, height: 50 })
    expect([pixelAt(wide, 5, 25), pixelAt(wide, 50, 25)]).toEqual([
      [255, 0, 0],
      [77, 77, 77],
    ])
  })

  it('puts the border around the finished picture, unblurred and in its own tone', async () => {
    const border = { colour: '0000ff', top: 3, right: 4, bottom: 5, left: 6 }
    const edits = { border, blur: 20, brightness: 0.5 }
    const shown = await edited(await QUARTERS, edits, { fit: 'width', width: 60 })
    expect([shown.width, shown.height]).toEqual([70, 48])
    for (const [x, y] of [
      [5, 20],
      [66, 20],
      [30, 2],
      [30, 43],
    ] as const) {
      expect(pixelAt(shown, x, y)).toEqual([0, 0, 255])
    }
    expect(pixelAt(shown, 6, 3)[2]).toBeLessThan(100)
  })
})

describe('tone and focus', () => {
  const plain = encode(
    paint(40, 30, () => [64, 128, 192]),
    'png',
  )

  it.each<[Edits, Colour]>([
    [{ brightness: 2 }, [128, 255, 255]],
    [{ contrast: 0.5 }, [95, 127, 159]],
    [{ gamma: 2 }, [16, 64, 144]],
    [{ gamma: 0.5 }, [127, 180, 221]],
    [{ saturation: 0 }, [118, 118, 118]],
  ])('%j', async (edits, colour) => {
    expect(pixelAt(await edited(await plain, edits, { fit: 'width', width: 20 }), 9, 9)).toEqual(colour)
  })

  it('comes after the padding, which it changes too', async () => {
    const edits = { background: '808080', brightness: 0.5 }
    const shown = await edited(await plain, edits, { fit: 'pad', width: 40, height: 40 })
    expect(pixelAt(shown, 20, 1)).toEqual([64, 64, 64])
  })

  it('leaves transparency as it is', async () => {
    const source = await encode(fade(64, 16, [200, 40, 60]), 'png')
    const [before, after] = [await edited(source, {}), await edited(source, { brightness: 0.5, contrast: 2 })]
    for (const x of [0, 20, 40, 63]) expect(alphaAt(after, x, 8)).toBe(alphaAt(before, x, 8))
  })

  it('sharpens and blurs an edge', async () => {
    const edge = await encode(
      paint(80, 20, (x) => (x < 40 ? [80, 80, 80] : [170, 170, 170])),
      'png',
    )
    expect(pixelAt(await edited(edge, { blur: 10 }), 37, 10)[0]).toBeGreaterThan(95)
    expect(pixelAt(await edited(edge, { sharpen: 2 }), 40, 10)[0]).toBeGreaterThan(175)
  })
})

describe('sides beyond the limits', () => {
  const limits = { ...LIMITS, maxOutputSide: 400 }

  it.each<[Size, Edits]>([
    [{ fit: 'contain', width: 401 }, {}],
    [{ fit: 'pad', width: 401, height: 10 }, {}],
    [{ fit: 'squeeze', width: 10, height: 401 }, {}],
    [{ fit: 'original' }, { border: { colour: '000000', top: 400, right: 0, bottom: 0, left: 0 } }],
  ])('are refused as what is asked for: %j %j', async (size, edits) => {
    const asked = render(await QUARTERS, { ...size, edits, format: 'png' }, { limits })
    await expect(asked).rejects.toMatchObject({ code: 'size_not_allowed' })
  })

  it("are the source's fault where nothing is enlarged", async () => {
    const source = await encode(photo(500, 10), 'png')
    const asked = render(source, { fit: 'original', edits: { rotate: 90 }, format: 'png' }, { limits })
    await expect(asked).rejects.toMatchObject({ code: 'source_too_large' })
  })
})

describe('a drawing', () => {
  const SVG = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" shape-rendering="crispEdges">
      <rect width="20" height="10" fill="#808080"/><rect x="5" y="2" width="10" height="6" fill="#ff0000"/></svg>`,
  )

  it('is trimmed and turned where it is large, not enlarged as pixels', async () => {
    const box = { left: 5, top: 2, width: 10, height: 6 }
    const edits = { trim: { by: 'box', box }, rotate: 90 } as const
    const shown = await edited(SVG, edits, { fit: 'contain', width: 600 })
    expect([shown.width, shown.height]).toEqual([600, 1000])
    for (const [x, y] of [
      [0, 0],
      [599, 999],
      [0, 999],
    ] as const)
      expect(distance(pixelAt(shown, x, y), [255, 0, 0])).toBeLessThan(4)
  })

  it('loses a border that it has', async () => {
    const shown = await edited(SVG, { trim: { by: 'border', border: {} } }, { fit: 'width', width: 200 })
    expect([shown.width, shown.height]).toEqual([200, 120])
    expect(distance(pixelAt(shown, 1, 1), [255, 0, 0])).toBeLessThan(4)
  })
})

it('has averaged in linear light where the operator wants it, trimmed or not', async () => {
  const fine = await encode(
    paint(64, 64, (x) => (x % 2 ? [255, 255, 255] : [0, 0, 0])),
    'png',
  )
  const spec = { fit: 'width', width: 16, format: 'png' } as const
  const settings = { linearLight: true }
  for (const edits of [{}, { rotate: 180 }, { brightness: 0.999 }] as const) {
    const { bytes } = await render(fine, { ...spec, edits }, { settings })
    expect(pixelAt(await decode(bytes), 8, 8)[0]).toBeGreaterThan(180)
  }
})

it('leaves a picture without edits to one pipeline, byte by byte', async () => {
  const source = await encodeTurned(photo(120, 90), 'jpg', 6)
  for (const format of ['jpg', 'webp', 'png', 'gif', 'avif'] as const) {
    const { bytes } = await render(source, { fit: 'width', width: 60, format })
    const { data, info } = await sharp(source)
      .autoOrient()
      .toColourspace('srgb')
      .resize({ width: 60, height: 80, fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    const expected = await encodeAs(sharp(data, { raw: { width, height, channels } }), format).toBuffer()
    expect(Buffer.from(bytes).equals(expected)).toBe(true)
  }
})

it('gives the same bytes for edits that do nothing as for none', async () => {
  const source = await encode(photo(120, 90), 'jpg')
  for (const format of ['jpg', 'webp', 'png', 'gif', 'avif'] as const) {
    const spec = { fit: 'width', width: 60, format } as const
    const [plain, same] = [
      await render(source, spec),
      await render(source, { ...spec, edits: { quality: 85 } }),
    ]
    expect(Buffer.from(same.bytes).equals(plain.bytes)).toBe(true)
  }
})

function cornersOf(picture: RawPicture): string[] {
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
