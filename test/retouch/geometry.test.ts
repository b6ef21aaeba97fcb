import { describe, expect, it } from 'vitest'
import { targetSides } from '../../src/retouch/geometry.ts'
import type { TransformSpec } from '../../src/transform/spec.ts'

const WIDTH_800 = { fit: 'width', width: 800, format: 'webp' } as const
const HEIGHT_600 = { fit: 'height', height: 600, format: 'webp' } as const
const BOX = { fit: 'cover', width: 800, height: 600, format: 'webp' } as const

const CASES: readonly [string, [number, number], TransformSpec, [number, number]][] = [
  ['a width shrinks', [3000, 2000], WIDTH_800, [800, 533]],
  ['the other side is rounded to the nearest', [3000, 2001], WIDTH_800, [800, 534]],
  ['halves are rounded up', [1600, 1001], WIDTH_800, [800, 501]],
  ['a width does not enlarge', [799, 500], WIDTH_800, [799, 500]],
  ['the same width is left alone', [800, 601], WIDTH_800, [800, 601]],
  ['a height shrinks', [3000, 2000], HEIGHT_600, [900, 600]],
  ['a height does not enlarge', [3000, 400], HEIGHT_600, [3000, 400]],
  ['a side never falls below one pixel', [16_000, 3], WIDTH_800, [800, 1]],
  ['nor the other', [2, 16_000], HEIGHT_600, [1, 600]],
  ['a box is that box', [3000, 2000], BOX, [800, 600]],
  ['a box enlarges', [10, 10], BOX, [800, 600]],
  ['original keeps its sides', [6001, 3999], { fit: 'original', format: 'jpg' }, [6001, 3999]],
]

describe('targetSides', () => {
  it.each(CASES)('%s', (_, [width, height], spec, [targetWidth, targetHeight]) => {
    expect(targetSides({ width, height }, spec)).toEqual({ width: targetWidth, height: targetHeight })
  })

  it('gives the asked width exactly for every source that is wider', () => {
    for (let width = 800; width < 9_000; width += 7) {
      expect(targetSides({ width, height: 1_234 }, WIDTH_800).width).toBe(800)
    }
  })
})
