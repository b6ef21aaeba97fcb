import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import {
  type AskedSpec,
  AUTO,
  FACTS_NAMES,
  OUTPUT_FORMATS,
  specName,
  type VariantSpec,
} from '../../src/transform/spec.ts'
import type { Parsed } from '../../src/urls/dialect.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { signRest } from '../../src/urls/signature.ts'
import { variantKey } from '../../src/urls/variant-key.ts'

const presets = parsePresets('card=400,hero=1600x900')
const dialect = createNativeDialect({ presets, signingKeys: ['new', 'old'] })
const RUNS = { numRuns: 2000 }

// Anything at all, and things that nearly are targets: most random strings end at the first rule.
const noise = fc.oneof(
  fc.constantFrom(
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '%00',
    '%',
    '%c3',
    '%C3%A9',
    '%ff',
    '.',
    '..',
    '\\',
    '@',
    '?',
    '#',
  ),
  fc.constantFrom('é', '\uD800', '\u0085', '%25', '%252e', '+', ' ', '~', ''),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ maxLength: 6 }),
)
const segment = fc.oneof(
  fc.constantFrom('items', 'profiles', 'photos', '42', 'p1', '@abcdefghijklmn_', '%40abcdefghijklmn_'),
  fc.array(noise, { maxLength: 4 }).map((parts) => parts.join('')),
)
const sizeText = fc.oneof(
  fc.constantFrom('medium', 'Original', 'hero', 'CARD', 'huge', 'x600', '0800', '800X600', ''),
  fc.integer({ min: 0, max: 20_000 }).map(String),
)
const specText = fc
  .tuple(
    sizeText,
    fc.constantFrom('', '', '@1x', '@1.5x', '@02x', '@3X', '@4x', '%402x'),
    fc.constantFrom('webp', 'jpg', 'jpeg', 'AVIF', 'png', 'gif', 'auto'),
  )
  .map(([size, density, format]) => `${size}${density}.${format}`)
const rest = fc
  .tuple(
    fc.array(segment, { minLength: 0, maxLength: 5 }),
    fc.oneof(
      { weight: 4, arbitrary: specText },
      fc.constantFrom('info.json', 'Info.json', 'thumbhash', '%74humbhash'),
      noise,
    ),
  )
  .map(([segments, spec]) => [...segments, spec].join('/'))
const target = fc.oneof(
  { weight: 4, arbitrary: rest.map((rest) => `/img/${rest}`) },
  { weight: 2, arbitrary: rest.map((rest) => `/simg/${signRest(rest.replace(/\?.*/s, ''), 'old')}/${rest}`) },
  { weight: 1, arbitrary: rest.map((rest) => `http://host/img/${rest}`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

const side = fc.integer({ min: 1, max: 16_384 })
const format = fc.constantFrom(...OUTPUT_FORMATS)
const spec: fc.Arbitrary<VariantSpec> = fc.oneof(
  fc.record({ facts: fc.constantFrom(...FACTS_NAMES) }),
  fc.record({ fit: fc.constant('original' as const), format }),
  fc.record({ fit: fc.constant('width' as const), width: side, format }),
  fc.record({ fit: fc.constant('height' as const), height: side, format }),
  fc.record({ fit: fc.constant('cover' as const), width: side, height: side, format }),
)
const asked: fc.Arbitrary<AskedSpec> = fc.oneof(
  spec,
  side.map((width) => ({ fit: 'width', width, format: AUTO }) as const),
)
const sourceSegment = fc
  .oneof(
    fc.constantFrom('items', 'profiles', 'photos', '42', '@abcdefghijklmn_', '800.webp', '%2e', '...', '~'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  )
  .filter((text) => text !== '.' && text !== '..' && !/[\p{Cc}\p{Cs}\\/]/u.test(text))
const source = fc.array(sourceSegment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'))
const version = fc.stringMatching(/^[A-Za-z0-9_-]{15}$/)

describe('any target', () => {
  it('is understood, redirected or refused with an error of ours', () => {
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(target, (target) => {
        outcomes.add(attempt(target)?.kind ?? 'refused')
      }),
      RUNS,
    )
    // The arbitraries reach all three, or the properties here prove nothing.
    expect(outcomes).toEqual(new Set(['image', 'redirect', 'refused']))
  })

  it('never names a source that could leave its place', () => {
    fc.assert(
      fc.property(target, (target) => {
        const parsed = attempt(target)
        if (parsed?.kind !== 'image') return
        for (const segment of parsed.request.source.path.split('/')) {
          expect(['', '.', '..']).not.toContain(segment)
          expect(segment).not.toMatch(/[\p{Cc}\\]/u)
        }
      }),
      RUNS,
    )
  })

  it('never names more segments than it has between slashes', () => {
    fc.assert(
      fc.property(rest, (rest) => {
        const parsed = attempt(`/img/${rest}`)
        if (parsed?.kind !== 'image') return
        const { source, version } = parsed.request
        const named = source.path.split('/').length + (version === undefined ? 1 : 2)
        expect(named).toBe(rest.replace(/\?.*/s, '').split('/').length)
      }),
      RUNS,
    )
  })

  it('leaves no format open where it names a version', () => {
    const versioned = fc.tuple(source, version, specText)
    let understood = 0
    fc.assert(
      fc.property(versioned, ([source, version, text]) => {
        const path = dialect.formatUnversioned(source, { fit: 'original', format: 'png' })
        const parsed = attempt(path.replace('original.png', `@${version}/${text}`))
        if (parsed?.kind !== 'image') return
        understood += 1
        expect(parsed.request).toMatchObject({ version })
        expect(parsed.request.spec).not.toMatchObject({ format: AUTO })
      }),
      RUNS,
    )
    expect(understood).toBeGreaterThan(0)
  })

  it('is redirected at most once, to a plain path, with its signature', () => {
    fc.assert(
      fc.property(target, (target) => {
        const first = attempt(target)
        if (first?.kind !== 'redirect') return
        expect(first.location).toMatch(/^\/s?img\/[!-~]+$/)
        expect(first.location).not.toContain('?')
        expect(dialect.parse(first.location)).toMatchObject({
          kind: 'image',
          signed: first.location.startsWith('/simg/'),
          canonicalTarget: first.location,
        })
      }),
      RUNS,
    )
  })
})

describe('any canonical path', () => {
  it('parses to what it was printed from, and prints the same', () => {
    fc.assert(
      fc.property(source, version, spec, fc.boolean(), (source, version, spec, signed) => {
        const path = dialect.formatVersioned(source, version, spec, { signed })
        const parsed = dialect.parse(path)
        expect(parsed).toMatchObject({
          kind: 'image',
          signed,
          canonicalTarget: path,
          request: { source: { path: source }, version, spec },
        })
      }),
      RUNS,
    )
  })

  it('parses without a version too', () => {
    fc.assert(
      fc.property(source, asked, fc.boolean(), (source, spec, signed) => {
        const path = dialect.formatUnversioned(source, spec, { signed })
        expect(dialect.parse(path)).toMatchObject({
          kind: 'image',
          signed,
          canonicalTarget: path,
          request: { source: { path: source }, spec },
        })
      }),
      RUNS,
    )
  })

  it('decodes to the key of its variant', () => {
    fc.assert(
      fc.property(source, version, spec, (source, version, spec) => {
        const path = dialect.formatVersioned(source, version, spec)
        expect(variantKey(source, version, spec)).toBe(decodeURIComponent(path.slice(1)))
        expect(path.endsWith(`/@${version}/${specName(spec)}`)).toBe(true)
      }),
      RUNS,
    )
  })
})

function attempt(target: string): Parsed | undefined {
  try {
    return dialect.parse(target)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
