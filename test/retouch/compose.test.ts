import { describe, expect, it } from 'vitest'
import { compose, type Layer } from '../../src/retouch/compose.ts'
import type { Frame } from '../../src/retouch/frame.ts'
import { COMPOSITES, type Composite } from '../../src/transform/overlay.ts'

type Rgba = readonly [number, number, number, number]

function flat(width: number, height: number, [red, green, blue, opacity]: Rgba): Frame {
  const data = Uint8Array.from(
    { length: width * height * 4 },
    (_, at) => [red, green, blue, opacity][at % 4] ?? 0,
  )
  return { data, width, height, channels: 4 }
}

const layer = (frame: Frame, more: Partial<Layer> = {}): Layer => ({
  frame,
  left: 0,
  top: 0,
  repeats: { x: false, y: false },
  opacity: 1,
  composite: 'over',
  ...more,
})

const at = ({ data, width, channels }: Frame, x: number, y: number) =>
  [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)] as const

/** Which parts of a pixel belong to the upper one, the lower one and both, by chance: what each rule keeps of them. */
const KEEPS: Record<
  Exclude<Composite, 'lighter'>,
  readonly [onlyUpper: 0 | 1, onlyLower: 0 | 1, shared: 'upper' | 'lower' | undefined]
> = {
  over: [1, 1, 'upper'],
  in: [0, 0, 'upper'],
  atop: [0, 1, 'upper'],
  out: [1, 0, undefined],
  xor: [1, 1, undefined],
}

/** The pixel that comes out, by areas: each of the two covers its share of the pixel, independently of the other. */
function byAreas(composite: Composite, upper: Rgba, lower: Rgba, opacity: number): readonly number[] {
  const [covered, under] = [(upper[3] / 255) * opacity, lower[3] / 255]
  if (composite === 'lighter') {
    const alpha = Math.min(1, covered + under)
    const shade = (of: 0 | 1 | 2) => Math.min(255, (upper[of] * covered + lower[of] * under) / (alpha || 1))
    return [shade(0), shade(1), shade(2), alpha * 255]
  }
  const [onlyUpper, onlyLower, shared] = KEEPS[composite]
  const areas = [
    { colour: upper, area: onlyUpper * covered * (1 - under) },
    { colour: lower, area: onlyLower * under * (1 - covered) },
    { colour: shared === 'lower' ? lower : upper, area: shared === undefined ? 0 : covered * under },
  ]
  const alpha = areas.reduce((sum, { area }) => sum + area, 0)
  const shade = (of: 0 | 1 | 2) =>
    areas.reduce((sum, { colour, area }) => sum + colour[of] * area, 0) / (alpha || 1)
  return [shade(0), shade(1), shade(2), alpha * 255]
}

const UPPER: Rgba = [250, 40, 10, 200]
const LOWER: Rgba = [20, 120, 240, 150]

describe('composites', () => {
  const cases = COMPOSITES.flatMap((composite) =>
    [1, 0.5, 0].flatMap((opacity) =>
      (
        [
          [UPPER, LOWER],
          [[255, 255, 255, 255], LOWER],
          [UPPER, [0, 0, 0, 255]],
          [UPPER, [9, 9, 9, 0]],
          [
            [200, 200, 200, 255],
            [200, 200, 200, 255],
          ],
        ] as const
      ).map(([upper, lower]) => ({ composite, opacity, upper, lower })),
    ),
  )

  it.each(cases)('$composite, $opacity of $upper on $lower', ({ composite, opacity, upper, lower }) => {
    const made = compose(flat(3, 3, lower), [
      layer(flat(1, 1, upper), { left: 1, top: 1, opacity, composite }),
    ])
    const [red, green, blue, alpha] = byAreas(composite, upper, lower, opacity)
    const pixel = at(made, 1, 1)
    expect(Math.abs((pixel[3] ?? -9) - (alpha ?? 0))).toBeLessThanOrEqual(1)
    // What nobody sees has no colour.
    const shades = (alpha ?? 0) > 1 ? [red, green, blue] : []
    const far = shades.filter((expected, shade) => Math.abs((pixel[shade] ?? -9) - (expected ?? 0)) > 1)
    expect(far).toEqual([])
    for (const [x, y] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [2, 2],
    ] as const)
      expect(at(made, x, y)).toEqual(lower)
  })

  it.each(['in', 'out', 'xor'] as const)('%s opens an opaque picture', (composite) => {
    const opaque: Frame = { data: new Uint8Array(12).fill(90), width: 2, height: 2, channels: 3 }
    const made = compose(opaque, [layer(flat(1, 1, UPPER), { composite })])
    expect(made.channels).toBe(4)
    expect(at(made, 0, 0)[3]).toBe({ in: 200, out: 0, xor: 55 }[composite])
    expect(at(made, 1, 1)).toEqual([90, 90, 90, 255])
  })

  it.each(['over', 'atop', 'lighter'] as const)('%s leaves an opaque picture opaque', (composite) => {
    const grey: Frame = { data: new Uint8Array(4).fill(90), width: 2, height: 2, channels: 1 }
    const made = compose(grey, [layer(flat(1, 1, [90, 90, 200, 51]), { composite })])
    expect(made.channels).toBe(3)
    expect(at(made, 0, 0)[2]).toBe({ over: 112, atop: 112, lighter: 130 }[composite])
    expect(at(made, 1, 0)).toEqual([90, 90, 90])
  })
})

describe('where a layer lies', () => {
  const dark = flat(6, 4, [0, 0, 0, 255])
  const white: Rgba = [255, 255, 255, 255]
  const shown = (made: Frame) =>
    Array.from({ length: made.height }, (_, y) =>
      Array.from({ length: made.width }, (_, x) => (at(made, x, y)[0] === 255 ? '#' : '.')).join(''),
    )
  /** Two by two, its upper left pixel white. */
  const tile: Frame = {
    data: Uint8Array.from([...white, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]),
    width: 2,
    height: 2,
    channels: 4,
  }

  it.each<[Partial<Layer>, string[]]>([
    [{ left: 3, top: 1 }, ['......', '...#..', '......', '......']],
    [{ left: -1, top: -1 }, ['......', '......', '......', '......']],
    [{ left: 9, top: 9 }, ['......', '......', '......', '......']],
    [{ left: 3, top: 1, repeats: { x: true, y: false } }, ['......', '.#.#.#', '......', '......']],
    [{ left: 3, top: 1, repeats: { x: false, y: true } }, ['......', '...#..', '......', '...#..']],
    [{ left: 3, top: 1, repeats: { x: true, y: true } }, ['......', '.#.#.#', '......', '.#.#.#']],
    [{ left: -3, top: -4, repeats: { x: true, y: true } }, ['.#.#.#', '......', '.#.#.#', '......']],
  ])('%j', (place, rows) => {
    expect(shown(compose(dark, [layer(tile, place)]))).toEqual(rows)
  })

  it('may stand out on all sides', () => {
    const made = compose(dark, [layer(flat(20, 20, white), { left: -5, top: -5 })])
    expect(shown(made)).toEqual(Array.from({ length: 4 }, () => '######'))
  })

  it('is in their order: the last is above', () => {
    const red = layer(flat(2, 2, [255, 0, 0, 255]))
    const blue = layer(flat(2, 2, [0, 0, 255, 255]), { left: 1 })
    const made = compose(dark, [red, blue])
    expect([at(made, 0, 0), at(made, 1, 0), at(made, 2, 0)].map(([r, , b]) => [r, b])).toEqual([
      [255, 0],
      [0, 255],
      [0, 255],
    ])
    expect(at(compose(dark, [blue, red]), 1, 0)).toEqual([255, 0, 0, 255])
  })

  it('leaves the frame that it is drawn over as it was', () => {
    compose(dark, [layer(flat(6, 4, white))])
    expect(new Set(dark.data)).toEqual(new Set([0, 255]))
    expect(at(dark, 0, 0)).toEqual([0, 0, 0, 255])
  })
})
