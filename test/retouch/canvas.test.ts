import { describe, expect, it } from 'vitest'
import { flatten, pad, surround } from '../../src/retouch/canvas.ts'
import type { Frame } from '../../src/retouch/frame.ts'
import { alphaAt, pixelAt } from '../pixels/pixels.ts'
import { fade, paint } from '../support/pictures.ts'

describe('flatten', () => {
  it('paints under what is transparent, as much as it is', () => {
    const flat = flatten(fade(256, 1, [200, 100, 0]), '0064c8')
    expect(flat.channels).toBe(3)
    for (const [x, share] of [0, 51, 128, 255].map((x) => [x, x / 255] as const)) {
      const expected = [200 * share, 100, 200 * (1 - share)].map(Math.round)
      expect(pixelAt(flat, x, 0)).toEqual(expected)
    }
  })

  it('leaves some of it transparent under a colour that is', () => {
    const flat = flatten(fade(256, 1, [200, 100, 0]), '0064c880')
    expect(flat.channels).toBe(4)
    expect([alphaAt(flat, 0, 0), alphaAt(flat, 255, 0)]).toEqual([128, 255])
    expect(pixelAt(flat, 0, 0)).toEqual([0, 100, 200])
    expect(pixelAt(flat, 255, 0)).toEqual([200, 100, 0])
    // Half over half: three quarters, two thirds of which are the upper one.
    expect(Math.abs(alphaAt(flat, 128, 0) - 192)).toBeLessThanOrEqual(1)
    expect(Math.abs(pixelAt(flat, 128, 0)[0] - 133)).toBeLessThanOrEqual(1)
  })

  it('makes nothing of nothing', () => {
    expect([...flatten(fade(2, 1, [9, 9, 9]), '00000000').data.subarray(0, 4)]).toEqual([0, 0, 0, 0])
  })

  it('leaves opaque pictures as they are', () => {
    const frame = paint(3, 2, () => [1, 2, 3])
    expect(flatten(frame, 'ff0000')).toBe(frame)
  })

  it('gives a grey picture the colour', () => {
    const grey: Frame = { data: Uint8Array.from([77, 255, 77, 0]), width: 2, height: 1, channels: 2 }
    expect([...flatten(grey, 'ff0000').data]).toEqual([77, 77, 77, 255, 0, 0])
  })
})

describe('pad', () => {
  it('puts the picture into the middle, the odd pixel right and below', () => {
    const made = pad(
      paint(2, 2, () => [1, 2, 3]),
      { width: 5, height: 3 },
      'ff0000',
    )
    const rows = Array.from({ length: 3 }, (_, y) =>
      Array.from({ length: 5 }, (_, x) => (pixelAt(made, x, y)[0] === 255 ? '.' : '#')).join(''),
    )
    expect(rows).toEqual(['.##..', '.##..', '.....'])
    expect(pixelAt(made, 0, 0)).toEqual([255, 0, 0])
    expect(pixelAt(made, 2, 1)).toEqual([1, 2, 3])
  })
})

describe('surround', () => {
  const border = { colour: '0000ff', top: 1, right: 2, bottom: 3, left: 4 }

  it('grows by every side', () => {
    const made = surround(
      paint(2, 2, () => [9, 9, 9]),
      border,
    )
    expect([made.width, made.height, made.channels]).toEqual([8, 6, 3])
    expect(pixelAt(made, 3, 1)).toEqual([0, 0, 255])
    expect(pixelAt(made, 4, 1)).toEqual([9, 9, 9])
    expect(pixelAt(made, 5, 2)).toEqual([9, 9, 9])
    expect(pixelAt(made, 6, 2)).toEqual([0, 0, 255])
    expect(pixelAt(made, 5, 3)).toEqual([0, 0, 255])
  })

  it('is as transparent as its colour, around what is opaque', () => {
    const made = surround(
      paint(1, 1, () => [9, 9, 9]),
      { ...border, colour: '0000ff40' },
    )
    expect([alphaAt(made, 0, 0), alphaAt(made, 4, 1)]).toEqual([64, 255])
  })

  it('has its colour around a grey picture, and the opacity inside stays', () => {
    const grey: Frame = { data: Uint8Array.from([77, 12]), width: 1, height: 1, channels: 2 }
    const made = surround(grey, border)
    expect([pixelAt(made, 0, 0), alphaAt(made, 0, 0)]).toEqual([[0, 0, 255], 255])
    expect([pixelAt(made, 4, 1), alphaAt(made, 4, 1)]).toEqual([[77, 77, 77], 12])
  })
})
