import { describe, expect, it } from 'vitest'
import { blur, sharpen } from '../../src/retouch/focus.ts'
import type { Frame } from '../../src/retouch/frame.ts'
import { alphaAt, pixelAt } from '../pixels/pixels.ts'
import { paint } from '../support/pictures.ts'

/** Dark left, light right. */
const EDGE = paint(80, 20, (x) => (x < 40 ? [80, 80, 80] : [170, 170, 170]))

/** Pixels across the edge that are neither as dark nor as light as its two sides. */
function width(frame: Frame): number {
  const row = Array.from({ length: frame.width }, (_, x) => pixelAt(frame, x, 10)[0])
  return row.filter((value) => value > 83 && value < 167).length
}

/** The difference between the lightest and the darkest pixel. */
function swing(frame: Frame): number {
  const row = Array.from({ length: frame.width }, (_, x) => pixelAt(frame, x, 10)[0])
  return Math.max(...row) - Math.min(...row)
}

describe('blur', () => {
  it('makes an edge the wider the larger its radius', async () => {
    const widths = await Promise.all([1, 2, 5, 10, 20].map(async (radius) => width(await blur(EDGE, radius))))
    expect(widths).toEqual(widths.toSorted((one, other) => one - other))
    expect(new Set(widths).size).toBe(widths.length)
    expect(widths[0]).toBeGreaterThan(0)
  })

  it.each([2, 3.9, 4, 6, 20, 60])('of radius %d is a bell curve of half that deviation', async (radius) => {
    const wide = paint(400, 3, (x) => (x < 200 ? [80, 80, 80] : [170, 170, 170]))
    const blurred = await blur(wide, radius)
    for (const at of [-2, -1, -0.5, 0.5, 1, 2]) {
      const x = Math.round(199.5 + (at * radius) / 2)
      // Of all that lies within the curve, the part right of the edge.
      const expected = 80 + 90 * normal((x - 199.5) / (radius / 2))
      expect(Math.abs(pixelAt(blurred, x, 1)[0] - expected)).toBeLessThan(4)
    }
    expect([pixelAt(blurred, 0, 0)[0], pixelAt(blurred, 399, 2)[0]]).toEqual([80, 170])
  })

  it('leaves the picture alone where nobody would see it', async () => {
    expect(await blur(EDGE, 0.5)).toBe(EDGE)
  })

  it('takes the largest radius', async () => {
    const { width: across, height } = await blur(EDGE, 250)
    expect([across, height]).toEqual([80, 20])
  })

  it('lets no colour bleed out of what is transparent', async () => {
    const data = new Uint8Array(40 * 10 * 4)
    for (let at = 0; at < 400; at += 1) data.set(at % 40 < 20 ? [255, 0, 0, 0] : [0, 0, 255, 255], at * 4)
    const made = await blur({ data, width: 40, height: 10, channels: 4 }, 4)
    expect(alphaAt(made, 19, 5)).toBeGreaterThan(60)
    expect(pixelAt(made, 19, 5)[0]).toBeLessThan(8)
    expect(pixelAt(made, 19, 5)[2]).toBeGreaterThan(247)
  })
})

describe('sharpen', () => {
  it('makes an edge the steeper the more of it is asked for', async () => {
    const swings = await Promise.all(
      [0.2, 0.5, 1, 2, 5, 10].map(async (amount) => swing(await sharpen(EDGE, amount))),
    )
    expect(swings).toEqual(swings.toSorted((one, other) => one - other))
    expect(swings[0]).toBeGreaterThan(swing(EDGE))
    expect(new Set(swings).size).toBeGreaterThan(4)
  })

  it('leaves what is even as it is', async () => {
    const plain = paint(20, 20, () => [90, 120, 150])
    const made = await sharpen(plain, 10)
    expect(
      [...made.data.subarray(0, 3)].every((value, at) => Math.abs(value - (plain.data[at] ?? 0)) <= 1),
    ).toBe(true)
    expect(await sharpen(EDGE, 0)).toBe(EDGE)
  })

  it('leaves opacity alone', async () => {
    const data = new Uint8Array(20 * 4 * 4)
    for (let at = 0; at < 80; at += 1) data.set([at % 20 < 10 ? 80 : 170, 90, 90, 200], at * 4)
    const made = await sharpen({ data, width: 20, height: 4, channels: 4 }, 3)
    expect([alphaAt(made, 9, 2), alphaAt(made, 10, 2)]).toEqual([200, 200])
    expect(pixelAt(made, 10, 2)[0]).toBeGreaterThan(175)
  })
})

/** The share of a bell curve that lies below a number of deviations: its area in small steps. */
function normal(deviations: number): number {
  let area = 0
  for (let at = -6; at < deviations; at += 0.001) area += 0.001 * Math.exp(-0.5 * at ** 2)
  return area / Math.sqrt(2 * Math.PI)
}
