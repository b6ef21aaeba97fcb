import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_EDITS_LENGTH } from '../../src/transform/edits.ts'
import type { TransformSpec } from '../../src/transform/spec.ts'
import { parseVariantKey, variantKey, variantPrefix, variantsBelow } from '../../src/urls/variant-key.ts'

const version = 'abcdefghijklmno'
const small: TransformSpec = { fit: 'width', width: 8, format: 'jpg' }
const draw = [`~${'x'.repeat(MAX_EDITS_LENGTH - ',draw=~'.length)}`]
const large: TransformSpec = {
  fit: 'aspect-crop',
  width: 16_384,
  height: 16_384,
  format: 'avif',
  edits: { draw },
}
const largest = `16384x16384,fit=aspect-crop,draw=${draw[0]}.avif`
/** What is left of 1,024 bytes for the source of a public variant, and of one that is not. */
const ROOM = { img: 670, private: 666 }

describe('variantKey', () => {
  it.each([
    ['items/42/photos/p1', 'img', 'img/items/42/photos/p1/@abcdefghijklmno/8.jpg'],
    ['items/42/photos/p1', 'private', 'private/items/42/photos/p1/@abcdefghijklmno/8.jpg'],
    ['a b/é/@abcdefghijklmno', 'img', 'img/a b/é/@abcdefghijklmno/@abcdefghijklmno/8.jpg'],
  ] as const)('%s in %s', (source, tree, key) => {
    expect(variantKey(source, version, small, tree)).toBe(key)
  })

  it.each(['img', 'private'] as const)(
    'in %s is whole as long as its longest spec fits 1,024 bytes',
    (tree) => {
      const source = 'a'.repeat(ROOM[tree])
      const key = variantKey(source, version, large, tree)
      expect(key).toBe(`${tree}/${source}/@${version}/${largest}`)
      expect(Buffer.byteLength(key)).toBe(1024)
    },
  )

  it.each(['img', 'private'] as const)('in %s is cut one byte later, and ends in a hash', (tree) => {
    const source = 'a'.repeat(ROOM[tree] + 1)
    const key = variantKey(source, version, large, tree)
    expect(key).toMatch(new RegExp(`^${tree}/a+~[A-Za-z0-9_-]{22}/@${version}/${largest}$`))
    expect(Buffer.byteLength(key)).toBe(1024)
  })

  it('cuts between characters', () => {
    for (const lead of ['', 'a', 'ab', 'abc']) {
      const key = variantKey(`${lead}${'🐈'.repeat(300)}`, version, large)
      expect(key).toMatch(/^img\/(?:abc|ab|a)?(?:🐈)+~[A-Za-z0-9_-]{22}\/@/u)
      expect(Buffer.byteLength(key)).toBeGreaterThan(1020)
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024)
    }
  })

  it('tells long sources apart that differ only at the end', () => {
    const long = 'a'.repeat(1100)
    expect(variantPrefix(`${long}b`)).not.toBe(variantPrefix(`${long}c`))
  })

  it('begins with the prefix of its source and fits the bucket, whatever the source', () => {
    const source = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1500, size: 'max' })
    fc.assert(
      fc.property(
        source,
        fc.constantFrom(small, large),
        fc.constantFrom('img', 'private'),
        (source, spec, tree) => {
          const key = variantKey(source, version, spec, tree)
          expect(key.startsWith(variantPrefix(source, tree))).toBe(true)
          expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024)
        },
      ),
    )
  })
})

describe('variantsBelow', () => {
  it('is how the keys of a path and of everything below it begin, and no others of short paths', () => {
    expect(variantsBelow('items/4')).toBe('img/items/4/')
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1100, size: 'max' })
    fc.assert(
      fc.property(part, part, fc.constantFrom('img', 'private'), (path, rest, tree) => {
        for (const source of [path, `${path}/${rest}`]) {
          expect(variantKey(source, version, small, tree).startsWith(variantsBelow(path, tree))).toBe(true)
        }
      }),
    )
  })
})

describe('parseVariantKey', () => {
  it('reads back what variantKey wrote of any source that fits', () => {
    const segment = fc.string({ minLength: 1, unit: fc.constantFrom('a', '@', '.', '~', 'é', ' ') })
    const source = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'))
    fc.assert(
      fc.property(source, fc.constantFrom('img' as const, 'private' as const), (source, tree) => {
        expect(parseVariantKey(variantKey(source, version, small, tree))).toEqual({ tree, source, version })
      }),
    )
  })

  it.each([0, 1, 2, 3])('knows no source whose name was cut, %i bytes short', (short) => {
    for (const tree of ['img', 'private'] as const) {
      const source = `${'a'.repeat(short)}${'🐈'.repeat(400)}`
      expect(parseVariantKey(variantKey(source, version, small, tree))).toBeUndefined()
    }
  })

  it.each([
    'items/42/@abcdefghijklmno/8.jpg',
    'img/@abcdefghijklmno/8.jpg',
    'img/a/@abcdefghijklmn/8.jpg',
    'img/a/8.jpg',
    'img/a/@abcdefghijklmno',
    '',
  ])('knows no variant in %j', (key) => {
    expect(parseVariantKey(key)).toBeUndefined()
  })
})
