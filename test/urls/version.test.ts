import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  epochPartOf,
  parseVersionSegment,
  sourcePartOf,
  sourceVersion,
  variantEtag,
  versionOf,
} from '../../src/urls/version.ts'

describe('versions', () => {
  it('come apart into what they were made of, and stand in a path', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (etag, key) => {
        const source = sourceVersion(etag, key)
        const version = versionOf(source, 'e-1')
        expect(version).toMatch(/^[A-Za-z0-9_-]{15}$/)
        expect([sourcePartOf(version), epochPartOf(version)]).toEqual([source, 'e-1'])
        expect(parseVersionSegment(`@${version}`)).toBe(version)
      }),
    )
  })

  // Stored variants and CDN caches are named by these: a change of the algorithm forgets them all.
  it('never change for the same ETag and key', () => {
    expect(sourceVersion('"abc"', 'items/42/photos/p1/original-f1.jpg')).toBe('C1QVnl33IR0A')
  })

  it('differ with the focal point, since boxes do', () => {
    const versions = [undefined, { x: 0, y: 1 }, { x: 1, y: 0 }].map((focus) =>
      sourceVersion('"a"', 'b', focus),
    )
    expect(new Set(versions).size).toBe(3)
  })

  it('differ with the ETag, with the key and with where one ends', () => {
    const versions = [
      sourceVersion('"a"', 'b'),
      sourceVersion('"a"', 'c'),
      sourceVersion('"b"', 'b'),
      sourceVersion('"a"b', ''),
      sourceVersion('', '"a"b'),
      sourceVersion('"a', '"b'),
    ]
    expect(new Set(versions).size).toBe(versions.length)
  })

  it.each([
    '',
    '@',
    'abcdefghijklmno',
    '@abcdefghijklmn',
    '@abcdefghijklmnop',
    '@abcdefghijklm.o',
    '%40abcdefghijklmno',
    '@abcdefghijklmno\n',
  ])('%j names none', (raw) => {
    expect(parseVersionSegment(raw)).toBeUndefined()
  })

  it('make a strong ETag together with the spec', () => {
    expect(variantEtag('abcdefghijklmno', { fit: 'width', width: 800, format: 'webp' })).toBe(
      '"abcdefghijklmno-800.webp"',
    )
    expect(variantEtag('abcdefghijklmno', { facts: 'info.json' })).toBe('"abcdefghijklmno-info.json"')
  })
})
