import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  acceptanceOf,
  choose,
  chooseForAll,
  PLAIN_ACCEPTANCE,
  type Traits,
  type WeightedRange,
} from '../../src/transform/negotiation.ts'
import type { Edits } from '../../src/transform/edits.ts'
import type { EditedSize, OutputFormat, Size } from '../../src/transform/spec.ts'
import { ANY_TRAITS, possibleTraits, traitsOf } from '../../src/transform/traits.ts'

const frame = { top: 1, right: 1, bottom: 1, left: 1 }
const options = { avifMaxSide: 1600 }
const small: Size = { fit: 'width', width: 800 }
const opaque = { animated: false, hasAlpha: false }
const alpha = { animated: false, hasAlpha: true }
const animation = { animated: true, hasAlpha: true }
const accepting = (weights: Readonly<Record<string, number>>) =>
  acceptanceOf(Object.entries(weights).map(([range, weight]) => ({ range, weight })))
const all = accepting({ 'image/avif': 1, 'image/webp': 1, '*/*': 1 })

describe('acceptanceOf', () => {
  it.each<[string, Record<string, number>, Partial<Record<OutputFormat, number>>]>([
    ['wildcards are the old formats', { '*/*': 0.8 }, { avif: 0, webp: 0, jpg: 0.8, png: 0.8, gif: 0.8 }],
    ['image/* too', { 'image/*': 0.7 }, { avif: 0, webp: 0, jpg: 0.7, png: 0.7, gif: 0.7 }],
    ['image/* before */*', { '*/*': 1, 'image/*': 0.2 }, { jpg: 0.2, png: 0.2 }],
    ['a name before image/*', { 'image/*': 1, 'image/png': 0.2 }, { jpg: 1, png: 0.2 }],
    ['a name excludes', { '*/*': 1, 'image/jpeg': 0, 'image/webp': 0 }, { jpg: 0, webp: 0, png: 1 }],
    ['what is not said is not wanted', { 'image/webp': 1 }, { avif: 0, webp: 1, jpg: 0, png: 0, gif: 0 }],
    ['other types are nothing to us', { 'image/jxl': 1, 'text/*': 1 }, { avif: 0, jpg: 0 }],
  ])('%s', (_, weights, expected) => {
    expect(accepting(weights)).toMatchObject(expected)
  })

  it('takes the highest of a range that is said twice', () => {
    const twice = [0.2, 0.6, 0.4].map((weight) => ({ range: 'image/webp', weight }))
    expect(acceptanceOf(twice).webp).toBe(0.6)
  })
})

describe('choose', () => {
  it('takes a format of stills for the first frame of an animation', () => {
    const still: EditedSize = { ...small, edits: { still: true } }
    expect(choose(all, still, animation, options)).toBe('avif')
    expect(choose(accepting({ '*/*': 1 }), still, { ...animation, hasAlpha: false }, options)).toBe('jpg')
    expect(chooseForAll(accepting({ '*/*': 1 }), still, [animation, alpha], options)).toBe('png')
  })

  it.each([
    // Equals: the smallest that loses nothing.
    [{ 'image/avif': 1, 'image/webp': 1, '*/*': 1 }, 'avif', 'avif', 'webp'],
    [{ 'image/webp': 1, '*/*': 1 }, 'webp', 'webp', 'webp'],
    [{ 'image/avif': 1, '*/*': 1 }, 'avif', 'avif', 'gif'],
    [{ '*/*': 1 }, 'jpg', 'png', 'gif'],
    // The weights decide before we do.
    [{ 'image/avif': 0.5, 'image/webp': 0.9, '*/*': 0.1 }, 'webp', 'webp', 'webp'],
    [{ 'image/avif': 0.5, 'image/webp': 0.5, '*/*': 0.6 }, 'jpg', 'png', 'gif'],
    [{ 'image/webp': 0.5, 'image/png': 1 }, 'webp', 'png', 'webp'],
    // A photograph is no PNG because somebody prefers PNG to the rest.
    [{ 'image/png': 1, 'image/*': 0.8 }, 'jpg', 'png', 'gif'],
    // Excluded.
    [{ 'image/avif': 0, 'image/webp': 1, '*/*': 1 }, 'webp', 'webp', 'webp'],
    [{ 'image/avif': 0, 'image/webp': 0, '*/*': 1 }, 'jpg', 'png', 'gif'],
    [{ 'image/gif': 0, '*/*': 1 }, 'jpg', 'png', 'jpg or png'],
    // One only.
    [{ 'image/png': 1 }, 'png', 'png', 'png'],
    [{ 'image/jpeg': 1 }, 'jpg', 'png', 'jpg or png'],
    [{ 'image/gif': 1 }, 'jpg', 'png', 'gif'],
    // Nothing that we make.
    [{ 'text/html': 1 }, 'jpg', 'png', 'jpg or png'],
    [{ '*/*': 0 }, 'jpg', 'png', 'jpg or png'],
  ])('%j: opaque %s, transparent %s, animated %s', (weights, ofOpaque, ofAlpha, ofAnimation) => {
    const acceptance = accepting(weights)
    const chosen = (traits: typeof opaque) => choose(acceptance, small, traits, options)
    expect([chosen(opaque), chosen(alpha)]).toEqual([ofOpaque, ofAlpha])
    const [still = '', transparent = still] = ofAnimation.split(' or ')
    expect(chosen({ animated: true, hasAlpha: false })).toBe(still)
    expect(chosen(animation)).toBe(transparent)
  })

  it.each<[Size, OutputFormat]>([
    [{ fit: 'width', width: 1600 }, 'avif'],
    [{ fit: 'width', width: 1601 }, 'webp'],
    [{ fit: 'height', height: 1600 }, 'avif'],
    [{ fit: 'height', height: 1601 }, 'webp'],
    [{ fit: 'cover', width: 1600, height: 1600 }, 'avif'],
    [{ fit: 'cover', width: 16, height: 1601 }, 'webp'],
    [{ fit: 'original' }, 'webp'],
  ])('AVIF is for sides up to the setting: %j is %s', (size, format) => {
    for (const traits of [opaque, alpha]) expect(choose(all, size, traits, options)).toBe(format)
  })

  it('sends the old formats where AVIF is too large and WebP not known', () => {
    const acceptance = accepting({ 'image/avif': 1 })
    expect(choose(acceptance, { fit: 'original' }, opaque, options)).toBe('jpg')
    expect(choose(acceptance, { fit: 'original' }, alpha, options)).toBe('png')
  })

  it('0 turns AVIF off', () => {
    expect(choose(all, { fit: 'width', width: 1 }, opaque, { avifMaxSide: 0 })).toBe('webp')
  })

  const weight = fc.constantFrom(0, 0.1, 0.5, 0.9, 1)
  const range = fc.constantFrom(
    'image/avif',
    'image/webp',
    'image/jpeg',
    'image/png',
    'image/gif',
    'image/*',
    '*/*',
  )
  const ranges = fc.array(fc.record({ range, weight }), { maxLength: 8 })
  const size = fc.constantFrom<Size>(small, { fit: 'original' }, { fit: 'height', height: 3000 })

  const names = (ranges: readonly WeightedRange[], type: string) =>
    ranges.some(({ range, weight }) => range === type && weight > 0)

  it('loses no transparency, sends no still AVIF of an animation, and AVIF and WebP only to who names them', () => {
    fc.assert(
      fc.property(ranges, size, fc.constantFrom(...ANY_TRAITS), (ranges, size, traits) => {
        const format = choose(acceptanceOf(ranges), size, traits, options)
        const refused: OutputFormat[] = [
          ...(traits.hasAlpha ? (['jpg'] as const) : []),
          ...(traits.animated ? (['avif'] as const) : []),
          ...(['avif', 'webp'] as const).filter((format) => !names(ranges, `image/${format}`)),
        ]
        expect(refused).not.toContain(format)
      }),
    )
  })
})

describe('chooseForAll', () => {
  it('is the format that all need, if there is one', () => {
    const forAll = (traits: readonly Traits[]) => chooseForAll(all, small, traits, options)
    expect(forAll([opaque, alpha])).toBe('avif')
    expect(forAll(ANY_TRAITS)).toBeUndefined()
    expect(chooseForAll(accepting({ 'image/webp': 1 }), small, ANY_TRAITS, options)).toBe('webp')
  })
})

describe('possibleTraits', () => {
  it.each([
    ['image/jpeg', [opaque]],
    ['IMAGE/JPEG; charset=binary', [opaque]],
    ['image/png', [opaque, alpha]],
    ['image/svg+xml', [opaque, alpha]],
    ['image/avif', [opaque, alpha]],
    ['image/gif', ANY_TRAITS],
    ['image/webp', ANY_TRAITS],
    ['binary/octet-stream', ANY_TRAITS],
    ['', ANY_TRAITS],
  ])('of %j', (contentType, expected) => {
    expect(possibleTraits(contentType)).toEqual(expected)
  })

  it.each([
    [
      { type: 'image/gif', frames: 3, hasAlpha: false },
      { animated: true, hasAlpha: false },
    ],
    [{ type: 'image/webp', frames: 2, hasAlpha: true }, animation],
    [{ type: 'image/webp', frames: 1, hasAlpha: true }, alpha],
    // Pages.
    [{ type: 'image/tiff', frames: 3, hasAlpha: false }, opaque],
  ])('%j is %j', (facts, traits) => {
    expect(traitsOf({ ...facts, width: 30, height: 40 })).toMatchObject({ ...traits, longestSide: 40 })
    expect(possibleTraits(facts.type)).toContainEqual(traits)
  })
})

describe('what is done to a picture counts', () => {
  const edited = (edits: Edits, fit: Size = small) =>
    choose(PLAIN_ACCEPTANCE, { ...fit, edits }, alpha, options)

  it.each<[string, Edits, OutputFormat]>([
    ['transparency needs PNG', {}, 'png'],
    ['none is left over a background', { background: 'ffffff' }, 'jpg'],
    ['unless it can be seen through', { background: 'ffffff80' }, 'png'],
    ['or the frame can', { background: 'ffffff', border: { ...frame, colour: '00000080' } }, 'png'],
  ])('%s', (_, edits, format) => {
    expect(edited(edits)).toBe(format)
  })

  it('a box that is padded with what can be seen through is transparent', () => {
    const box = { fit: 'pad', width: 10, height: 10, edits: { background: '00000000' } } as const
    expect(choose(PLAIN_ACCEPTANCE, box, opaque, options)).toBe('png')
    expect(choose(PLAIN_ACCEPTANCE, { ...box, fit: 'crop' }, opaque, options)).toBe('jpg')
  })

  it('the first frame of an animation is a still', () => {
    const still = { ...small, edits: { still: true } } as const
    expect(choose(all, still, animation, options)).toBe('avif')
  })
})

describe('who names no format', () => {
  it.each<[Traits, OutputFormat]>([
    [opaque, 'jpg'],
    [alpha, 'png'],
    [{ ...animation, movesAs: 'gif' }, 'gif'],
    [{ ...animation, movesAs: 'webp' }, 'webp'],
  ])('of %j gets %s', (traits, format) => {
    expect(choose(PLAIN_ACCEPTANCE, small, traits, options)).toBe(format)
  })
})

describe('where the sides of the source count', () => {
  const looking = { avifMaxSide: 800, looksAtSides: true }

  it.each<[Size, number, OutputFormat]>([
    [{ fit: 'original' }, 800, 'avif'],
    [{ fit: 'original' }, 801, 'webp'],
    [{ fit: 'width', width: 2000 }, 800, 'avif'],
    [{ fit: 'contain', width: 2000 }, 800, 'webp'],
    [{ fit: 'width', width: 700 }, 5000, 'avif'],
  ])('%j of a source of %i pixels is %s', (size, longestSide, format) => {
    expect(choose(all, size, { ...opaque, longestSide }, looking)).toBe(format)
    const forAll = chooseForAll(all, size, [opaque], looking)
    expect([undefined, format]).toContain(forAll)
  })

  it('nothing is decided for all while a source may be small enough', () => {
    expect(chooseForAll(all, { fit: 'original' }, [opaque], looking)).toBeUndefined()
    expect(chooseForAll(PLAIN_ACCEPTANCE, { fit: 'original' }, [opaque], looking)).toBe('jpg')
  })
})
