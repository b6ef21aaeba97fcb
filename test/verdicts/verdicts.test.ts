import { describe, expect, test } from 'vitest'
import { type ErrorCode, GatewayError, isVerdict } from '../../src/errors.ts'
import type { Source } from '../../src/sources/source.ts'
import { DRAWING, type Size, type TransformSpec, type VariantSpec } from '../../src/transform/spec.ts'
import { Verdicts } from '../../src/verdicts/verdicts.ts'

const path = 'photos/a.svg'
const source: Source = {
  at: { shape: 'key', path },
  key: path,
  etag: '"e"',
  contentType: 'image/svg+xml',
  bytes: 2_000,
  version: 'abcdefghijkl',
  lastModified: new Date(0),
  access: 'public',
  managed: false,
}
const replaced = { ...source, version: 'bcdefghijklm' }

const MINUTE = 60_000
const wide = (width: number, format: TransformSpec['format'] = 'jpg'): TransformSpec => ({
  fit: 'width',
  width,
  format,
})
const edited = (size: Size, blur: number): TransformSpec => ({ ...size, format: 'jpg', edits: { blur } })
const EDGES = { by: 'sides', sides: { top: 1, right: 1, bottom: 1, left: 1 } } as const
const INFO: VariantSpec = { facts: 'info.json' }
const WHOLE: TransformSpec = { fit: 'original', format: 'png' }

function open() {
  let at = 1
  const verdicts = new Verdicts({ now: () => at })
  return {
    pass: (ms: number) => void (at += ms),
    note: (code: ErrorCode, ...specs: readonly VariantSpec[]) => {
      const verdict = new GatewayError(code, 'said')
      if (!isVerdict(verdict)) throw new TypeError(`${code} is no verdict`)
      for (const spec of specs) verdicts.note(verdict, source, spec)
    },
    /** The code of the verdict, `undefined` without one. */
    on: (spec: VariantSpec, of = source): ErrorCode | undefined => {
      try {
        verdicts.assertNone(of, spec)
        return undefined
      } catch (error) {
        if (error instanceof GatewayError) return error.code
        throw error
      }
    },
  }
}

test('what is broken is so for every spec of its version, and of no other', () => {
  const { note, on } = open()
  note('source_broken', wide(100))
  expect([on(wide(100)), on(wide(200, 'webp')), on(INFO)]).toEqual(Array(3).fill('source_broken'))
  expect([on(wide(100), replaced), on({ facts: DRAWING })]).toEqual([undefined, undefined])
})

test.each([
  ['source_too_large', wide(100)],
  ['source_broken', edited(wide(100), 3)],
  ['source_crashed', edited(wide(100), 3)],
  ['source_broken', { ...wide(100), edits: { draw: ['logo'] } }],
  ['source_broken', { facts: DRAWING }],
] as const)('%s is the verdict on %j alone', (code, spec) => {
  const { note, on } = open()
  note(code, spec)
  expect([on(spec), on(wide(101)), on(INFO)]).toEqual([code, undefined, undefined])
})

test('an archived source may be there again the next time', () => {
  const { note, on } = open()
  note('source_archived', wide(100))
  expect(on(wide(100))).toBeUndefined()
})

test('whether workers died of a picture is tried again after a minute', () => {
  const { note, on, pass } = open()
  note('source_crashed', wide(100))
  pass(MINUTE - 1_000)
  expect([on(wide(100)), on(wide(200))]).toEqual(['source_crashed', 'source_crashed'])
  pass(2_000)
  expect([on(wide(100)), on(wide(200))]).toEqual([undefined, undefined])
})

describe('what takes too long', () => {
  test('does so in every spec, when three plain ones have', () => {
    const { note, on } = open()
    note('source_overran', wide(100), wide(101))
    expect([on(wide(100)), on(wide(102))]).toEqual(['source_overran', undefined])
    note('source_overran', wide(101))
    expect(on(wide(102))).toBeUndefined()
    note('source_overran', INFO)
    const specs = [
      wide(102),
      wide(3_840, 'webp'),
      WHOLE,
      edited(wide(64), 3),
      { facts: 'thumbhash' },
    ] as const
    expect(specs.map((spec) => on(spec))).toEqual(specs.map(() => 'source_overran'))
    expect([on(wide(102), replaced), on({ facts: DRAWING })]).toEqual([undefined, undefined])
    // Its sides are in its header.
    expect(on({ facts: 'measure', of: wide(102) })).toBeUndefined()
    expect(on({ facts: 'measure', of: { fit: 'width', width: 102, edits: { trim: EDGES } } })).toBe(
      'source_overran',
    )
  })

  test.each([
    ['with edits', [1, 2, 3, 4].map((blur) => edited(wide(100), blur)), edited(wide(100), 9), wide(100)],
    ['large', [1_000, 1_100, 1_200, 1_300].map((width) => wide(width)), WHOLE, wide(800)],
    ['moving', [100, 101, 102, 103].map((width) => wide(width, 'gif')), wide(99, 'webp'), wide(99, 'png')],
  ] as const)('%s, says nothing of less', (_, overrun, more, less) => {
    const { note, on } = open()
    note('source_overran', ...overrun)
    expect([on(more), on(less), on(INFO)]).toEqual(['source_overran', undefined, undefined])
  })

  test('with overlays says nothing of anything else', () => {
    const { note, on } = open()
    const drawn = ['a', 'b', 'c', 'd'].map((name) => ({ ...wide(100), edits: { draw: [name] } }))
    note('source_overran', ...drawn)
    expect(drawn.map((spec) => on(spec))).toEqual(drawn.map(() => 'source_overran'))
    expect(on({ ...wide(100), edits: { draw: ['e'] } })).toBeUndefined()
  })

  test('is tried again after half an hour where it is only a conclusion', () => {
    const { note, on, pass } = open()
    note('source_overran', wide(100), wide(101), wide(102))
    pass(29 * MINUTE)
    expect(on(wide(103))).toBe('source_overran')
    // Who is told so has not tried it.
    note('source_overran', wide(103))
    pass(2 * MINUTE)
    expect([on(wide(103)), on(wide(100))]).toEqual([undefined, 'source_overran'])
  })
})
