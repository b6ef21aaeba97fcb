import * as fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { answerJob } from '../../src/pixels/answer-job.ts'
import type { Edits } from '../../src/transform/edits.ts'
import { DEFAULT_RENDERING } from '../../src/transform/rendering-settings.ts'
import { fittedSize } from '../../src/transform/size.ts'
import { FITS, OUTPUT_FORMATS, type Size } from '../../src/transform/spec.ts'
import { corners, encode, encodeTurned, fade, paint, photo, pipelineOf } from '../support/pictures.ts'
import { LIMITS } from './limits.ts'

const strip = corners(30, 60)
const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="25"><circle cx="9" cy="9" r="5"/></svg>',
)
const SOURCES = await Promise.all([
  encodeTurned(photo(61, 43), 'jpg', 6),
  encode(fade(50, 20, [200, 40, 60]), 'png'),
  pipelineOf(paint(20, 31, (x) => [x * 8, x * 8, x * 8]))
    .greyscale()
    .png()
    .toBuffer(),
  encode(
    paint(1, 1, () => [1, 2, 3]),
    'webp',
  ),
  sharp(strip.data, { raw: { width: 30, height: 60, channels: 3, pageHeight: 20 } })
    .gif({ delay: [10, 20, 30] })
    .toBuffer(),
])

const side = fc.integer({ min: 1, max: 90 })
const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
const length = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.constantFrom(0.1, 0.25, 0.5, 0.999))
const fraction = fc.constantFrom(0, 0.1, 0.5, 0.77, 1)
const colour = fc.constantFrom('ff0000', '00000000', '336699', 'ffffff80', '000000')
const factor = fc.constantFrom(0, 0.001, 0.5, 0.9, 1.5, 3, 254)
const margin = fc.integer({ min: 0, max: 9 })

const size: fc.Arbitrary<Size> = fc
  .tuple(fc.constantFrom(...FITS, 'cover' as const), some(side), some(side))
  .map(([fit, width, height]) => fittedSize(fit, width, height))

const edits: fc.Arbitrary<Edits> = fc.record({
  trim: some(
    fc.oneof(
      fc.record({
        by: fc.constant('sides' as const),
        sides: fc.record({ top: length, right: length, bottom: length, left: length }),
      }),
      fc.record({
        by: fc.constant('box' as const),
        box: fc.record({ left: length, top: length, width: some(length), height: some(length) }),
      }),
      fc.record({
        by: fc.constant('border' as const),
        border: fc.record({ colour: some(colour), tolerance: some(margin), keep: some(margin) }),
      }),
    ),
  ),
  flip: some(fc.constantFrom('h', 'v', 'hv')),
  rotate: some(fc.constantFrom(90, 180, 270)),
  gravity: some(
    fc.oneof(
      fc.record({ by: fc.constantFrom('remainder' as const, 'centre' as const), x: fraction, y: fraction }),
      fc.constant({ by: 'entropy' as const }),
    ),
  ),
  background: some(colour),
  brightness: some(factor),
  contrast: some(factor),
  gamma: some(factor),
  saturation: some(factor),
  sharpen: some(fc.constantFrom(0, 0.001, 1, 3.3, 10)),
  blur: some(fc.constantFrom(0, 0.6, 1, 4, 250)),
  border: some(fc.record({ colour, top: margin, right: margin, bottom: margin, left: margin })),
  quality: some(fc.integer({ min: 1, max: 100 })),
  baseline: some(fc.constant(true as const)),
  fast: some(fc.constant(true as const)),
  still: some(fc.constant(true as const)),
  metadata: some(fc.constantFrom('none', 'copyright', 'keep')),
})

describe('whatever edits are asked for', () => {
  it('come out, in the sides that are measured for them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(SVG, ...SOURCES),
        fc.tuple(size, edits),
        fc.constantFrom(...OUTPUT_FORMATS),
        async (source, [size, edits], format) => {
          const spec = { ...size, edits, format }
          const limits = LIMITS
          const made = await answerJob({ kind: 'render', source, spec, limits, settings: DEFAULT_RENDERING })
          const measured = await answerJob({ kind: 'measure', source, size: { ...size, edits }, limits })
          if (made.kind !== 'rendered' || measured.kind !== 'measured') throw new Error(JSON.stringify(made))
          const { width, height } = measured.measurement
          expect(made.picture).toMatchObject({ width, height })
          const stored = await sharp(made.picture.bytes).metadata()
          expect([stored.width, stored.pageHeight ?? stored.height]).toEqual([width, height])
        },
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})
