import { describe, expect, test } from 'vitest'
import { createPictureCosts } from '../../src/admission/picture-cost.ts'
import { readSides } from '../../src/admission/picture-sides.ts'
import type { VariantSpec } from '../../src/transform/spec.ts'
import { encodeOddity, headOf } from './heads.ts'

const MB = 1024 * 1024
const costs = createPictureCosts(100_000_000)
const wide = (width: number, format: 'avif' | 'webp' | 'jpg' | 'png' = 'webp'): VariantSpec => ({
  fit: 'width',
  width,
  format,
})
const JPEG = { bytes: 2 * MB, contentType: 'image/jpeg' }

describe('effort grows with', () => {
  const cases: readonly [string, number, number][] = [
    ['the encoder', costs.effortOf(JPEG, wide(800, 'jpg')), costs.effortOf(JPEG, wide(800, 'webp'))],
    ['the slowest encoder', costs.effortOf(JPEG, wide(800)), costs.effortOf(JPEG, wide(800, 'avif'))],
    ['the size', costs.effortOf(JPEG, wide(800)), costs.effortOf(JPEG, wide(1600))],
    [
      'the length of the source',
      costs.effortOf(JPEG, wide(800)),
      costs.effortOf({ ...JPEG, bytes: 9 * MB }, wide(800)),
    ],
    [
      'what is done to it',
      costs.effortOf(JPEG, wide(800)),
      costs.effortOf(JPEG, { fit: 'width', width: 800, format: 'webp', edits: { blur: 20 } }),
    ],
    [
      'care',
      costs.effortOf(JPEG, { fit: 'width', width: 800, format: 'avif', edits: { fast: true } }),
      costs.effortOf(JPEG, wide(800, 'avif')),
    ],
    [
      'all of a picture',
      costs.effortOf(JPEG, { facts: 'info.json' }),
      costs.effortOf(JPEG, { fit: 'original', format: 'jpg' }),
    ],
  ]
  test.each(cases)('%s', (_, cheap, dear) => {
    expect(cheap).toBeGreaterThan(0)
    expect(dear).toBeGreaterThan(cheap)
  })
})

describe('memory', () => {
  const megabytes = (head: Buffer, spec: VariantSpec) => costs.memoryOf(head, spec) / MB
  /** What was measured in a worker, and twice that. */
  const cases: readonly [string, Buffer, VariantSpec, readonly [least: number, most: number]][] = [
    ['24 megapixels made small (79)', headOf.png(6000, 4000), wide(800), [79, 200]],
    ['the same of an AVIF (432)', headOf.avif(6000, 4000), wide(800), [432, 900]],
    ['24 megapixels as AVIF (537)', headOf.png(6000, 4000), { fit: 'original', format: 'avif' }, [537, 1000]],
    [
      'a blur of 12 megapixels (244)',
      headOf.png(4000, 3000),
      { fit: 'original', format: 'jpg', edits: { blur: 20 } },
      [244, 490],
    ],
    ['a picture of nothing', headOf.png(16, 16), wide(16), [7, 32]],
    ['a header', headOf.png(10_000, 10_000), { facts: 'measure', of: { fit: 'width', width: 9 } }, [7, 32]],
  ]
  test.each(cases)('of %s', (_, head, spec, [least, most]) => {
    expect(megabytes(head, spec)).toBeGreaterThan(least)
    expect(megabytes(head, spec)).toBeLessThan(most)
  })

  test('two blurs of a hundred megapixels do not fit into two gigabytes and a half', () => {
    const blur: VariantSpec = { fit: 'original', format: 'jpg', edits: { blur: 20 } }
    expect(2 * megabytes(headOf.png(10_000, 10_000), blur)).toBeGreaterThan(2560)
  })

  test('is not more than that of the largest picture that is accepted, whatever a header claims', () => {
    const claimed = costs.memoryOf(headOf.png(0xffff_ffff, 0xffff_ffff), wide(800))
    expect(claimed).toBeLessThan(2 * costs.memoryOf(headOf.png(10_000, 10_000), wide(800)))
    expect(costs.memoryOf(Buffer.alloc(3), wide(800))).toBeGreaterThan(0)
  })
})

describe('sides', () => {
  test.each(['jpg', 'progressive', 'png', 'webp', 'lossless', 'alpha', 'avif', 'gif'] as const)(
    'of a %s are read off its head',
    async (kind) => {
      expect(readSides(await encodeOddity(kind, 301, 207))).toMatchObject({
        width: 301,
        height: 207,
        frames: 1,
      })
    },
  )

  test.each(['gif', 'webp'] as const)('of a %s that moves, with its frames', async (format) => {
    expect(readSides(await encodeOddity(`moving ${format}`, 40, 30))).toMatchObject({
      width: 40,
      height: 30,
      frames: 5,
    })
  })

  test('of whatever is cut off anywhere are none, or those', async () => {
    const found = new Set<string>()
    for (const kind of ['jpg', 'png', 'webp', 'avif', 'gif'] as const) {
      const whole = await encodeOddity(kind, 64, 48)
      for (let length = 0; length < Math.min(whole.length, 700); length += 1) {
        const sides = readSides(whole.subarray(0, length))
        found.add(sides === undefined ? 'none' : `${sides.width}x${sides.height}`)
      }
    }
    expect([...found].toSorted()).toEqual(['64x48', 'none'])
  })
})
