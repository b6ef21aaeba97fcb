import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { readOverlay } from '../../src/transform/overlay.ts'
import type { EditedSize, OutputFormat } from '../../src/transform/spec.ts'
import { decode, pixelAt } from '../pixels/pixels.ts'
import { render } from '../pixels/rendering.ts'
import { encode, fade, paint, type RawPicture } from '../support/pictures.ts'

const DARK = [20, 20, 20] as const
const dark = encode(
  paint(200, 100, () => DARK),
  'png',
)

/** A red picture, 40×20, whose left half is green. */
const logo = encode(
  paint(40, 20, (x) => (x < 20 ? [0, 255, 0] : [255, 0, 0])),
  'png',
)

const ORIGINAL = { fit: 'original' } as const

interface Drawn {
  readonly base?: Uint8Array
  readonly picture?: Uint8Array
  readonly format?: OutputFormat
  readonly spec?: EditedSize
}

async function draw(overlays: readonly object[], { base, picture, format = 'png', spec }: Drawn = {}) {
  const draw = overlays.map((_, index) => `overlay-${index}`)
  const asked = { ...(spec ?? ORIGINAL), format, edits: { ...spec?.edits, draw } }
  const file = picture ?? (await logo)
  const made = await render(base ?? (await dark), asked, {
    overlays: overlays.map((json, index) => {
      const overlay = readOverlay(json)
      const name = `overlay-${index}`
      return 'text' in overlay ? { name, overlay } : { name, overlay, picture: file }
    }),
  })
  return { ...made, pixels: await decode(made.bytes) }
}

/** The box of what is not the base's colour: left, top, width, height. */
function boxOf(picture: RawPicture): readonly number[] | undefined {
  const xs: number[] = []
  const ys: number[] = []
  for (let y = 0; y < picture.height; y += 1) {
    for (let x = 0; x < picture.width; x += 1) {
      if (pixelAt(picture, x, y).every((shade) => shade === 20)) continue
      xs.push(x)
      ys.push(y)
    }
  }
  if (xs.length === 0) return undefined
  const [left, top] = [xs.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.min(a, b))]
  const [right, bottom] = [xs.reduce((a, b) => Math.max(a, b)), ys.reduce((a, b) => Math.max(a, b))]
  return [left, top, right - left + 1, bottom - top + 1]
}

describe('a picture over another', () => {
  it.each<[object, number[]]>([
    [{}, [80, 40, 40, 20]],
    [{ top: 3, left: 7 }, [7, 3, 40, 20]],
    [{ bottom: 3, right: 7 }, [153, 77, 40, 20]],
    [{ top: 0 }, [80, 0, 40, 20]],
    [{ right: 0 }, [160, 40, 40, 20]],
    [{ width: 0.5, left: 0, top: 0 }, [0, 0, 40, 20]],
    [{ width: 0.5, fit: 'contain', left: 0, top: 0 }, [0, 0, 100, 50]],
    [{ height: 0.1, left: 0, top: 0 }, [0, 0, 20, 10]],
    [{ width: 10, left: 0, top: 0 }, [0, 0, 10, 5]],
    [{ width: 10, height: 10, fit: 'cover', left: 1, top: 1 }, [1, 1, 10, 10]],
    [{ width: 10, height: 10, fit: 'squeeze', left: 1, top: 1 }, [1, 1, 10, 10]],
    [{ width: 50, height: 50, fit: 'pad', left: 0, top: 0 }, [0, 12, 50, 25]],
    [{ width: 50, height: 50, fit: 'pad', background: '#0000ff', left: 0, top: 0 }, [0, 0, 50, 50]],
    [{ rotate: 90, left: 0, top: 0 }, [0, 0, 20, 40]],
    [{ repeat: true }, [0, 0, 200, 100]],
    [{ repeat: 'x', top: 5 }, [0, 5, 200, 20]],
    [{ repeat: 'y', left: 5 }, [5, 0, 40, 100]],
    [{ width: 1, fit: 'contain' }, [0, 0, 200, 100]],
    [{ opacity: 0.5, left: 0, top: 0 }, [0, 0, 40, 20]],
  ])('%j lies at %j, and the picture keeps its sides', async (fields, box) => {
    const { pixels, width, height } = await draw([{ url: 'a', ...fields }])
    expect([width, height, pixels.width, pixels.height]).toEqual([200, 100, 200, 100])
    expect(boxOf(pixels)).toEqual(box)
  })

  it('nothing of it is seen without opacity', async () => {
    const { pixels } = await draw([{ url: 'a', opacity: 0 }])
    expect(boxOf(pixels)).toBeUndefined()
  })

  it.each<[object, readonly number[], readonly number[]]>([
    [{ width: 10, height: 20, fit: 'cover', gravity: 'left' }, [0, 255, 0], [0, 255, 0]],
    [{ width: 10, height: 20, fit: 'cover', gravity: 'right' }, [255, 0, 0], [255, 0, 0]],
    [{ width: 10, height: 20, fit: 'cover', gravity: { x: 1, y: 0 } }, [255, 0, 0], [255, 0, 0]],
    [{ width: 10, height: 20, fit: 'cover' }, [0, 255, 0], [255, 0, 0]],
    [{ rotate: 180 }, [255, 0, 0], [0, 255, 0]],
  ])('%j: its left edge is %j, its right one %j', async (fields, left, right) => {
    const { pixels } = await draw([{ url: 'a', left: 0, top: 0, ...fields }])
    const [, , width = 0] = boxOf(pixels) ?? []
    expect(pixelAt(pixels, 0, 8)).toEqual(left)
    expect(pixelAt(pixels, width - 1, 8)).toEqual(right)
  })

  it('shows half of what is half opaque, in every format', async () => {
    for (const format of ['png', 'webp', 'jpg', 'avif', 'gif'] as const) {
      const { pixels } = await draw(
        [{ url: 'a', opacity: 0.5, repeat: true, width: 20, height: 20, fit: 'cover', gravity: 'left' }],
        { format },
      )
      for (const [shade, expected] of [10, 138, 10].entries()) {
        expect(Math.abs((pixelAt(pixels, 100, 50)[shade] ?? 0) - expected)).toBeLessThanOrEqual(9)
      }
    }
  })

  it('keeps its own transparency', async () => {
    const picture = await encode(fade(256, 1, [255, 255, 255]), 'png')
    const base = await encode(
      paint(256, 1, () => [0, 0, 0]),
      'png',
    )
    const { pixels } = await draw([{ url: 'a' }], { base, picture })
    for (const x of [0, 60, 128, 255]) expect(pixelAt(pixels, x, 0)).toEqual([x, x, x])
  })

  it('blurs the overlay alone', async () => {
    const { pixels } = await draw([{ url: 'a', blur: 10, left: 0, top: 0 }])
    const [red, green] = pixelAt(pixels, 20, 10)
    expect(Math.min(red, green)).toBeGreaterThan(60)
    expect(boxOf(pixels)).toEqual([0, 0, 40, 20])
  })

  it('is measured against the finished picture, border included', async () => {
    const border = { colour: '141414', top: 10, right: 0, bottom: 0, left: 0 }
    const spec = { fit: 'width', width: 100, edits: { border } } as const
    const { pixels, height } = await draw([{ url: 'a', left: 0, top: 0, width: 0.2 }], { spec })
    expect(height).toBe(60)
    expect(boxOf(pixels)).toEqual([0, 0, 20, 10])
  })

  it('is drawn from a drawing, at its own size', async () => {
    const picture = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4" fill="#fff"/></svg>',
    )
    const { pixels } = await draw([{ url: 'a', width: 80, left: 0, top: 0 }], { picture })
    expect(boxOf(pixels)).toEqual([0, 0, 80, 40])
    expect(pixelAt(pixels, 79, 39)).toEqual([255, 255, 255])
  })

  it('what opens a picture shows the background where a format cannot be transparent', async () => {
    const spec = { ...ORIGINAL, edits: { background: 'ff8000' } }
    const { pixels } = await draw([{ url: 'a', composite: 'out', left: 0, top: 0 }], { format: 'jpg', spec })
    for (const [shade, expected] of [255, 255, 255].entries()) {
      expect(Math.abs((pixelAt(pixels, 8, 8)[shade] ?? 0) - expected)).toBeLessThanOrEqual(8)
    }
  })

  it('is on every frame of an animation', async () => {
    const colours = [
      [20, 20, 20],
      [0, 0, 200],
      [200, 0, 0],
    ] as const
    const frames = await Promise.all(
      colours.map((colour) =>
        encode(
          paint(64, 48, () => colour),
          'png',
        ),
      ),
    )
    const base = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer()
    const { bytes } = await draw(
      [{ url: 'a', left: 0, top: 0, width: 20, height: 20, fit: 'cover', gravity: 'left' }],
      {
        base,
        format: 'webp',
      },
    )
    const { pages } = await sharp(bytes).metadata()
    expect(pages).toBe(3)
    for (const [page, colour] of colours.entries()) {
      const { data, info } = await sharp(bytes, { page }).raw().toBuffer({ resolveWithObject: true })
      const frame = { data, width: info.width, height: info.height, channels: info.channels }
      expect(pixelAt(frame, 5, 5)[1]).toBeGreaterThan(200)
      expect(pixelAt(frame, 40, 40).map((shade, at) => Math.abs(shade - (colour[at] ?? 0)) < 30)).toEqual([
        true,
        true,
        true,
      ])
    }
  })
})

describe('several overlays', () => {
  it('lie over one another in their order', async () => {
    const under = { url: 'a', left: 0, top: 0, width: 40, height: 20, fit: 'squeeze' }
    const over = { text: 'M', background: '#0000ff', left: 0, top: 0, size: 10, colour: '#0000ff' }
    const { pixels } = await draw([under, over])
    expect(pixelAt(pixels, 1, 1)).toEqual([0, 0, 255])
    expect(pixelAt((await draw([over, under])).pixels, 1, 1)).toEqual([0, 255, 0])
  })
})

describe('a text over a picture', () => {
  it.each<[object, (box: readonly number[]) => boolean]>([
    [{ top: 0, left: 0 }, ([left = 9, top = 9]) => left <= 3 && top <= 12],
    [{ bottom: 0, right: 0 }, ([left = 0, top = 0, width = 0]) => left + width >= 197 && top > 50],
    [{ size: 0.5, left: 0, top: 0 }, ([, , , height = 0]) => height > 30 && height <= 75],
  ])('%j changes what is in its place, and nothing else', async (fields, isThere) => {
    const box = boxOf((await draw([{ text: 'Wig', ...fields }])).pixels) ?? []
    expect(box).toSatisfy(isThere)
  })

  it('is written in its colour, wrapped to its width, with what pango would read as markup', async () => {
    const wide = boxOf((await draw([{ text: '<b>W & W</b>', size: 12 }])).pixels)
    const bold = boxOf((await draw([{ text: 'W & W', size: 12 }])).pixels)
    const narrow = boxOf((await draw([{ text: '<b>W & W</b>', size: 12, width: 30 }])).pixels)
    expect(wide?.[2]).toBeGreaterThan((bold?.[2] ?? 999) + 10)
    expect(narrow?.[2]).toBeLessThan(wide?.[2] ?? 0)
    expect(narrow?.[3]).toBeGreaterThan(wide?.[3] ?? 999)
    const { pixels } = await draw([{ text: 'MMM', colour: '#ff0000' }])
    const shades = Array.from({ length: 200 }, (_, x) => pixelAt(pixels, x, 50))
    expect(shades.some(([red, green, blue]) => red > 250 && green < 5 && blue < 5)).toBe(true)
    expect(shades.every(([, green, blue]) => green <= 20 && blue <= 20)).toBe(true)
  })

  it('is written from right to left, and in scripts that the font may not know, without a fault', async () => {
    for (const text of ['שלום', 'مرحبا', '尺寸', '👋', 'a\nb']) {
      expect(boxOf((await draw([{ text, size: 20 }])).pixels)).toBeDefined()
    }
  })
})

describe('an overlay that cannot be drawn', () => {
  const unusable = (message: string) =>
    expect.objectContaining({ code: 'overlay_unusable', message: expect.stringContaining(message) })

  it('is named, and there is no picture without it', async () => {
    await expect(draw([{ url: 'a' }], { picture: Buffer.from('no picture at all') })).rejects.toEqual(
      unusable('The overlay overlay-0 cannot be drawn: '),
    )
    await expect(draw([{ text: 'a'.repeat(200), size: 1_000 }])).rejects.toEqual(
      unusable('200 letters of 1000 pixels are too many'),
    )
    await expect(draw([{ url: 'a', width: 16_000, height: 16_000, fit: 'pad' }])).rejects.toEqual(
      unusable('at most'),
    )
  })

  it('is never forgotten: a job without it fails', async () => {
    const spec = { fit: 'original', format: 'png', edits: { draw: ['logo'] } } as const
    await expect(render(await dark, spec)).rejects.toThrow('1 overlays, but 0 came')
  })
})
