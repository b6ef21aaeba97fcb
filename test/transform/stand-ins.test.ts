import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatEdits, MAX_EDITS_LENGTH } from '../../src/transform/edits.ts'
import { sidesOf } from '../../src/transform/size.ts'
import { specName, type TransformSpec } from '../../src/transform/spec.ts'
import { quickened, standInsFor } from '../../src/transform/stand-ins.ts'
import { parseSpecName } from '../../src/urls/spec-segment.ts'

function specOf(name: string): TransformSpec {
  const spec = parseSpecName(name)
  if (spec === undefined) throw new Error(`${name} is no spec`)
  return spec
}

const namesFor = (asked: string, stored: readonly string[]) =>
  standInsFor(specOf(asked), stored.map(specOf)).map(specName)

test.each([
  // The next larger comes first, the whole picture last.
  [
    '801.webp',
    ['original.webp', '1200.webp', '800.webp', '828.webp', '300.webp'],
    ['828.webp', '1200.webp', 'original.webp'],
  ],
  ['801.webp', ['828.jpg', '828.avif'], []],
  ['801.webp', ['802.webp'], ['802.webp']],
  // Which of width and height binds depends on the source.
  ['801.webp', ['x2000.webp', '828x828,fit=scale-down.webp'], []],
  ['x300.webp', ['x320.webp', '320.webp'], ['x320.webp']],
  [
    '400x300,fit=scale-down.webp',
    ['480x320,fit=scale-down.webp', '480.webp', 'x320.webp', '480x200,fit=scale-down.webp'],
    ['480x320,fit=scale-down.webp', 'x320.webp', '480.webp'],
  ],
  // Boxes that cut out the same part, but for rounding.
  [
    '405x270.jpg',
    ['750x500.jpg', '480x320.jpg', '480x480.jpg', '320x213.jpg', '480.jpg'],
    ['480x320.jpg', '750x500.jpg'],
  ],
  ['405x270,fit=pad.jpg', ['480x320.jpg', '480x320,fit=pad.jpg'], ['480x320,fit=pad.jpg']],
  [
    '400,fit=contain.jpg',
    ['480,fit=contain.jpg', '480.jpg', 'x480,fit=contain.jpg'],
    ['480,fit=contain.jpg'],
  ],
  // What is seen has to be the same.
  ['400,blur=5.webp', ['480.webp', '480,blur=5.webp', '480,blur=6.webp'], ['480,blur=5.webp']],
  ['400.webp', ['480,rotate=90.webp', '480,blur=5.webp'], []],
  ['400,quality=33.webp', ['480.webp', '640,quality=90.webp'], ['480.webp', '640,quality=90.webp']],
  ['400.jpg', ['480,metadata=keep.jpg', '480,baseline=1.jpg'], ['480,baseline=1.jpg']],
])('for %s of %j stand in %j', (asked, stored, expected) => {
  expect(namesFor(asked, stored)).toEqual(expected)
})

const side = fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined })

/** The scale of a picture of this size, never enlarged. */
function scaleOf(spec: TransformSpec, width: number, height: number): number {
  const { width: w = Infinity, height: h = Infinity } = sidesOf(spec)
  return Math.min(1, w / width, h / height)
}

const whole = fc.tuple(side, side).map(([width, height]): TransformSpec => {
  if (width !== undefined && height !== undefined) return { fit: 'scale-down', width, height, format: 'webp' }
  if (width !== undefined) return { fit: 'width', width, format: 'webp' }
  return height === undefined
    ? { fit: 'original', format: 'webp' }
    : { fit: 'height', height, format: 'webp' }
})

test('whatever stands in for a whole picture is at least as large, of every source', () => {
  fc.assert(
    fc.property(
      whole,
      fc.array(whole, { maxLength: 20 }),
      fc.integer({ min: 1, max: 9000 }),
      fc.integer({ min: 1, max: 9000 }),
      (asked, stored, width, height) => {
        for (const spec of standInsFor(asked, stored)) {
          expect(scaleOf(spec, width, height)).toBeGreaterThanOrEqual(scaleOf(asked, width, height))
        }
      },
    ),
  )
})

test.each(['info.json', 'thumbhash', '800.auto', 'medium.webp', '0800.webp', '800@2x.webp', 'notes.txt', ''])(
  '%j is no name of a stored picture',
  (name) => {
    expect(parseSpecName(name)).toBeUndefined()
  },
)

test.each([
  ['800.webp', '800,fast=1.webp'],
  ['x600,blur=5,quality=70.avif', 'x600,blur=5,quality=70,fast=1.avif'],
  ['800,fast=1.webp', undefined],
])('the quickest way to make %s is %s', (asked, expected) => {
  const quick = quickened(specOf(asked))
  expect(quick && specName(quick)).toBe(expected)
})

test('there is none where its name would be too long for a key', () => {
  const drawn = (length: number) =>
    quickened({ ...specOf('800.webp'), edits: { draw: ['a'.repeat(length)] } })
  expect(drawn(MAX_EDITS_LENGTH - ',draw='.length)).toBeUndefined()
  const longest = drawn(MAX_EDITS_LENGTH - ',draw='.length - ',fast=1'.length)
  expect(longest && formatEdits(longest.edits)).toHaveLength(MAX_EDITS_LENGTH)
})
