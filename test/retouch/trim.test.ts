import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/retouch/frame.ts'
import { findWithinBorder, trimmedBox } from '../../src/retouch/trim.ts'
import { paint } from '../support/pictures.ts'

const SOURCE = { width: 200, height: 100 }

describe('trimming by lengths', () => {
  const sides = (top: number, right: number, bottom: number, left: number) =>
    trimmedBox(SOURCE, { by: 'sides', sides: { top, right, bottom, left } })

  it.each([
    [[10, 20, 30, 40], { left: 40, top: 10, width: 140, height: 60 }],
    [[0, 0, 0, 0], { left: 0, top: 0, ...SOURCE }],
    // Fractions of the side that they shorten.
    [[0.1, 0.25, 0.2, 0.5], { left: 100, top: 10, width: 50, height: 70 }],
    // 1 is a pixel.
    [[1, 1, 1, 1], { left: 1, top: 1, width: 198, height: 98 }],
    // Something always stays.
    [[60, 0, 60, 0], { left: 0, top: 60, width: 200, height: 1 }],
    [[0, 500, 0, 500], { left: 199, top: 0, width: 1, height: 100 }],
  ] as const)('%j', ([top, right, bottom, left], box) => {
    expect(sides(top, right, bottom, left)).toEqual(box)
  })

  it.each([
    [
      { left: 10, top: 20, width: 30, height: 40 },
      { left: 10, top: 20, width: 30, height: 40 },
    ],
    [
      { left: 10, top: 20 },
      { left: 10, top: 20, width: 190, height: 80 },
    ],
    [
      { left: 0.25, top: 0.5, width: 0.5, height: 0.25 },
      { left: 50, top: 50, width: 100, height: 25 },
    ],
    [
      { left: 150, top: 0, width: 100, height: 10 },
      { left: 150, top: 0, width: 50, height: 10 },
    ],
    [
      { left: 900, top: 900, width: 10, height: 10 },
      { left: 199, top: 99, width: 1, height: 1 },
    ],
  ])('a box %j', (box, kept) => {
    expect(trimmedBox(SOURCE, { by: 'box', box })).toEqual(kept)
  })

  it('never leaves the picture, and never leaves nothing', () => {
    const length = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(length, length, length, length, (top, right, bottom, left) => {
        for (const box of [
          sides(top, right, bottom, left),
          trimmedBox(SOURCE, { by: 'box', box: { left, top, width: right, height: bottom } }),
        ]) {
          expect(Math.min(box.left, box.top, box.width - 1, box.height - 1)).toBeGreaterThanOrEqual(0)
          expect(box.left + box.width).toBeLessThanOrEqual(SOURCE.width)
          expect(box.top + box.height).toBeLessThanOrEqual(SOURCE.height)
        }
      }),
    )
  })
})

describe('trimming a border', () => {
  /** A red rectangle on grey; `noise` on every other pixel of the grey. */
  const framed = (noise = 0) =>
    paint(60, 40, (x, y) => {
      if (x >= 10 && x < 45 && y >= 5 && y < 30) return [200, 20, 20]
      return [128 + noise * ((x + y) % 2), 128, 128]
    })
  const SUBJECT = { left: 10, top: 5, width: 35, height: 25 }

  it('finds it by its own colour', () => {
    expect(findWithinBorder(framed(), {})).toEqual(SUBJECT)
  })

  it('finds it by the colour that is named, and no other', () => {
    expect(findWithinBorder(framed(), { colour: '808080' })).toEqual(SUBJECT)
    expect(findWithinBorder(framed(), { colour: 'ffffff' })).toEqual({
      left: 0,
      top: 0,
      width: 60,
      height: 40,
    })
    // From everything that is as far from red as grey is.
    expect(findWithinBorder(framed(), { colour: 'ffffff', tolerance: 127 })).toEqual(SUBJECT)
  })

  it('takes what is within the tolerance for the colour', () => {
    expect(findWithinBorder(framed(8), {})).toEqual(SUBJECT)
    expect(findWithinBorder(framed(8), { tolerance: 8 })).toEqual(SUBJECT)
    expect(findWithinBorder(framed(8), { tolerance: 7 })).not.toEqual(SUBJECT)
    expect(findWithinBorder(framed(), { tolerance: 0 })).toEqual(SUBJECT)
  })

  it('keeps as much of it as it is told, and no more than there is', () => {
    expect(findWithinBorder(framed(), { keep: 3 })).toEqual({ left: 7, top: 2, width: 41, height: 31 })
    expect(findWithinBorder(framed(), { keep: 500 })).toEqual({ left: 0, top: 0, width: 60, height: 40 })
  })

  it('leaves a picture alone that is of one colour, or has no border', () => {
    const plain = paint(9, 7, () => [1, 2, 3])
    expect(findWithinBorder(plain, {})).toEqual({ left: 0, top: 0, width: 9, height: 7 })
    const noisy = paint(9, 7, (x, y) => [(x * 97 + y * 61) % 256, 0, 0])
    expect(findWithinBorder(noisy, { tolerance: 5 })).toEqual({ left: 0, top: 0, width: 9, height: 7 })
  })

  it('takes all that is transparent for one colour', () => {
    const data = new Uint8Array(20 * 10 * 4)
    for (let at = 0; at < data.length; at += 4) data.set([at % 251, (at * 7) % 251, 0, 0], at)
    data.set([9, 9, 9, 255], (4 * 20 + 6) * 4)
    const frame: Frame = { data, width: 20, height: 10, channels: 4 }
    const dot = { left: 6, top: 4, width: 1, height: 1 }
    expect(findWithinBorder(frame, {})).toEqual(dot)
    expect(findWithinBorder(frame, { colour: 'ffffff00' })).toEqual(dot)
  })
})
