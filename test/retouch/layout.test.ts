import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sides } from '../../src/retouch/geometry.ts'
import { layOut } from '../../src/retouch/layout.ts'
import { fittedSize } from '../../src/transform/size.ts'
import { type EditedSize, type Fit, FITS } from '../../src/transform/spec.ts'

const side = fc.integer({ min: 1, max: 5000 })
const sides = fc.record({ width: side, height: side })

/** Whether whole pixels are what a length comes to: nearest, and never none. */
function near(pixels: number, length: number): boolean {
  return Number.isInteger(pixels) && Math.abs(pixels - Math.max(1, length)) <= 0.5 + 1e-6
}

/** Scale factors that both sides have, from the definitions of the fits. */
const SCALED = ['scale-down', 'contain', 'scale-up'] as const
const FACTOR: Record<(typeof SCALED)[number], (across: number, down: number) => number> = {
  'scale-down': (across, down) => Math.min(across, down, 1),
  contain: (across, down) => Math.min(across, down),
  'scale-up': (across, down) => Math.max(1, Math.min(across, down)),
}

describe('a picture in a box', () => {
  it.each(SCALED)('%s: both sides by one factor', (fit) => {
    fc.assert(
      fc.property(sides, sides, (source, box) => {
        const factor = FACTOR[fit](box.width / source.width, box.height / source.height)
        const { output, target, canvas } = layOut(source, { fit, ...box })
        expect(near(output.width, source.width * factor)).toBe(true)
        expect(near(output.height, source.height * factor)).toBe(true)
        expect([target, canvas]).toEqual([output, undefined])
      }),
    )
  })

  it('squeeze: the box, whatever the picture is like', () => {
    fc.assert(
      fc.property(sides, sides, (source, box) => {
        expect(layOut(source, { fit: 'squeeze', ...box }).output).toEqual(box)
      }),
    )
  })

  it('pad: the box, and in it the picture contained', () => {
    fc.assert(
      fc.property(sides, sides, (source, box) => {
        const { output, canvas, target } = layOut(source, { fit: 'pad', ...box })
        expect([output, canvas]).toEqual([box, box])
        expect(target).toEqual(layOut(source, { fit: 'contain', ...box }).output)
        // It touches the box on one side at least, and leaves it on none.
        expect(target.width === box.width || target.height === box.height).toBe(true)
        expect(target.width <= box.width && target.height <= box.height).toBe(true)
      }),
    )
  })

  it('crop: as much of the box as the picture has', () => {
    fc.assert(
      fc.property(sides, sides, (source, box) => {
        expect(layOut(source, { fit: 'crop', ...box }).output).toEqual({
          width: Math.min(box.width, source.width),
          height: Math.min(box.height, source.height),
        })
      }),
    )
  })

  it("aspect-crop: the box where nothing is enlarged for it, else the box's ratio cut out of the source", () => {
    fc.assert(
      fc.property(sides, sides, (source, box) => {
        const { output } = layOut(source, { fit: 'aspect-crop', ...box })
        const isCovered = box.width <= source.width && box.height <= source.height
        // The box, or the largest rectangle of that ratio within the source.
        const width = isCovered ? box.width : Math.min(source.width, (source.height * box.width) / box.height)
        expect(near(output.width, width)).toBe(true)
        expect(near(output.height, (width * box.height) / box.width)).toBe(true)
      }),
    )
  })

  it('is cut out of a picture that covers it, within the edges, whatever stays in view', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true })
    const point = fc.record({ x: fraction, y: fraction })
    fc.assert(
      fc.property(
        fc.tuple(sides, sides),
        point,
        fc.constantFrom('remainder' as const, 'centre' as const),
        fc.constantFrom('cover' as const, 'crop' as const, 'aspect-crop' as const),
        ([source, box], at, by, fit) => {
          const { crop, target } = layOut(source, { fit, ...box, edits: { gravity: { by, ...at } } })
          if (crop === undefined) throw new Error('no crop')
          const { scaled, left, top } = crop
          expect(Math.min(left, top)).toBeGreaterThanOrEqual(0)
          expect(scaled.width - left - target.width).toBeGreaterThanOrEqual(0)
          expect(scaled.height - top - target.height).toBeGreaterThanOrEqual(0)
          // Nothing more is cut off than has to be: one side fits.
          expect(scaled.width === target.width || scaled.height === target.height).toBe(true)
          // The picture is not distorted beyond a pixel of rounding.
          const factor = Math.max(target.width / source.width, target.height / source.height)
          expect(Math.abs(scaled.width - source.width * factor)).toBeLessThanOrEqual(1)
          expect(Math.abs(scaled.height - source.height * factor)).toBeLessThanOrEqual(1)
          if (by === 'centre') return
          expect(Math.abs(left - (scaled.width - target.width) * at.x)).toBeLessThanOrEqual(0.5)
          expect(Math.abs(top - (scaled.height - target.height) * at.y)).toBeLessThanOrEqual(0.5)
        },
      ),
    )
  })
})

describe('a picture of one side', () => {
  it('has that side, and the other in proportion', () => {
    fc.assert(
      fc.property(
        sides,
        side,
        fc.constantFrom(...FITS.filter((fit) => fit !== 'squeeze'), 'cover' as const),
        fc.boolean(),
        (source, wanted, fit, isWidth) => {
          const size = isWidth ? fittedSize(fit, wanted, undefined) : fittedSize(fit, undefined, wanted)
          const [own, other] = isWidth ? [source.width, source.height] : [source.height, source.width]
          const { output } = layOut(source, size)
          const [along, across] = isWidth ? [output.width, output.height] : [output.height, output.width]
          const isNeverEnlarged = ['scale-down', 'crop', 'aspect-crop'].includes(fit)
          const factor = isNeverEnlarged
            ? Math.min(1, wanted / own)
            : fit === 'scale-up'
              ? Math.max(1, wanted / own)
              : wanted / own
          expect(near(along, own * factor)).toBe(true)
          expect(near(across, other * factor)).toBe(true)
        },
      ),
    )
  })

  it('is squeezed along that side alone', () => {
    fc.assert(
      fc.property(sides, side, (source, wanted) => {
        const [wide, tall] = [
          fittedSize('squeeze', wanted, undefined),
          fittedSize('squeeze', undefined, wanted),
        ]
        expect(layOut(source, wide).output).toEqual({ width: wanted, height: source.height })
        expect(layOut(source, tall).output).toEqual({ width: source.width, height: wanted })
      }),
    )
  })
})

describe('worked examples', () => {
  const CASES: readonly (readonly [source: string, fit: Fit | 'cover', box: string, output: string])[] = [
    ['1080x720', 'scale-down', '500x500', '500x333'],
    ['1080x720', 'scale-down', '2000x2000', '1080x720'],
    ['1080x720', 'contain', '2000', '2000x1333'],
    ['1080x720', 'crop', '1296x1296', '1080x720'],
    ['300x200', 'crop', '500x500', '300x200'],
    ['600x400', 'crop', '500x500', '500x400'],
    ['1000x300', 'crop', '500x500', '500x300'],
    ['612x613', 'aspect-crop', '1920x1120', '612x357'],
    ['1080x720', 'pad', '1080x1080', '1080x1080'],
    ['1080x720', 'squeeze', 'x540', '1080x540'],
    ['1000x300', 'scale-up', '500x500', '1000x300'],
    ['300x200', 'scale-up', '500x500', '500x333'],
    ['1080x720', 'cover', '500x500', '500x500'],
    ['1080x720', 'cover', '320', '320x213'],
  ]

  it.each(CASES)('%s %s in %s is %s', (source, fit, box, output) => {
    const [width, height] = box.split('x').map((text) => (text ? Number(text) : undefined))
    expect(layOut(sidesOf(source), fittedSize(fit, width, height)).output).toEqual(sidesOf(output))
  })

  it('scales 1080x720 to 750x500 before 500x500 is cut out, of 900x900 as a third says', () => {
    const middle = { gravity: { by: 'remainder', x: 0.5, y: 0.5 } } as const
    expect(
      layOut(sidesOf('1080x720'), { fit: 'cover', width: 500, height: 500, edits: middle }).crop,
    ).toEqual({ scaled: { width: 750, height: 500 }, left: 125, top: 0 })
    const third = { gravity: { by: 'remainder', x: 0.33, y: 0.5 } } as const
    expect(layOut(sidesOf('900x900'), { fit: 'cover', width: 300, height: 900, edits: third }).crop).toEqual({
      scaled: { width: 900, height: 900 },
      left: 198,
      top: 0,
    })
  })
})

describe('what is done before and after the size', () => {
  const at = (edits: EditedSize['edits']) => layOut(sidesOf('300x200'), { fit: 'width', width: 100, edits })

  it('counts sides in the picture as it is trimmed and turned', () => {
    expect(at({ rotate: 90, flip: 'h' }).output).toEqual(sidesOf('100x150'))
    expect(at({ rotate: 180 }).output).toEqual(sidesOf('100x67'))
    const sides = { top: 0, right: 150, bottom: 0, left: 50 }
    expect(at({ trim: { by: 'sides', sides } })).toMatchObject({
      area: { left: 50, top: 0, width: 100, height: 200 },
      base: sidesOf('100x200'),
      output: sidesOf('100x200'),
    })
    expect(at({ trim: { by: 'sides', sides }, rotate: 270 }).output).toEqual(sidesOf('100x50'))
  })

  it('grows by its border', () => {
    const border = { colour: '000000', top: 1, right: 2, bottom: 3, left: 4 }
    expect(at({ border })).toMatchObject({ target: sidesOf('100x67'), output: sidesOf('106x71') })
  })

  it('enlarges a drawing, whose sides are not pixels', () => {
    const drawn = (fit: Fit) =>
      layOut(sidesOf('30x20'), { fit, width: 300, height: 300 }, { scalable: true }).output
    expect(drawn('scale-down')).toEqual(sidesOf('300x200'))
    expect([drawn('crop'), drawn('aspect-crop')]).toEqual([sidesOf('300x300'), sidesOf('300x300')])
  })
})

describe('a focal point', () => {
  const box = { fit: 'cover', width: 100, height: 100 } as const
  const left = (edits: EditedSize['edits'], focus = { x: 0.9, y: 0.5 }) =>
    layOut(sidesOf('400x100'), { ...box, edits }, { focus }).crop

  it('decides where the edits say nothing', () => {
    expect(left({})).toMatchObject({ left: 300, top: 0 })
    expect(left({ gravity: { by: 'remainder', x: 0, y: 0 } })).toMatchObject({ left: 0, top: 0 })
    expect(left({ gravity: { by: 'entropy' } })).toBeUndefined()
    expect(layOut(sidesOf('400x100'), box).crop).toBeUndefined()
  })

  it('moves with what is mirrored, turned and trimmed', () => {
    expect(left({ flip: 'h' })).toMatchObject({ left: 0, top: 0 })
    expect(left({ flip: 'v' })).toMatchObject({ left: 300, top: 0 })
    // Clockwise: what was at the right is below.
    expect(left({ rotate: 90 })).toMatchObject({ left: 0, top: 300 })
    expect(left({ rotate: 270 })).toMatchObject({ left: 0, top: 0 })
    expect(left({ rotate: 180 })).toMatchObject({ left: 0, top: 0 })
    // Cut off: as near as there is.
    const sides = { top: 0, right: 200, bottom: 0, left: 0 }
    expect(left({ trim: { by: 'sides', sides } })).toMatchObject({ left: 100, top: 0 })
  })
})

function sidesOf(text: string): Sides {
  const [width = 0, height = 0] = text.split('x').map(Number)
  return { width, height }
}
