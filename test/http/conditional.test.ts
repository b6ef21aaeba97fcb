import { describe, expect, test } from 'vitest'
import { isNotModified, isRangeApplicable } from '../../src/http/conditional.ts'

const lastModified = new Date('2026-11-20T10:00:00.700Z')
const current = { etag: '"v1-800.webp"', lastModified }

describe('isNotModified', () => {
  test.each([
    // one tag, a list, weak tags, anything
    ['"v1-800.webp"', true],
    ['"other"', false],
    ['"other", "v1-800.webp"', true],
    ['"other" , W/"v1-800.webp"', true],
    ['W/"v1-800.webp"', true],
    ['*', true],
    [' * ', true],
    // a comma inside a tag belongs to it
    ['"a,b"', false],
    ['"x, \\"v1-800.webp\\""', false],
    // not entity tags
    ['v1-800.webp', false],
    ['', false],
  ])('If-None-Match: %s → %s', (ifNoneMatch, expected) => {
    expect(isNotModified({ ifNoneMatch }, current)).toBe(expected)
  })

  test.each([
    ['Fri, 20 Nov 2026 10:00:00 GMT', true],
    // later or earlier is another time: a source replaced by an older file has changed
    ['Fri, 20 Nov 2026 10:00:01 GMT', false],
    ['Fri, 20 Nov 2026 09:59:59 GMT', false],
    ['yesterday', false],
  ])('If-Modified-Since: %s → %s', (ifModifiedSince, expected) => {
    expect(isNotModified({ ifModifiedSince }, current)).toBe(expected)
  })

  test('If-None-Match decides alone when both are there', () => {
    const ifModifiedSince = 'Fri, 20 Nov 2026 10:00:00 GMT'
    expect(isNotModified({ ifNoneMatch: '"other"', ifModifiedSince }, current)).toBe(false)
    expect(isNotModified({}, current)).toBe(false)
  })
})

describe('isRangeApplicable', () => {
  test.each([
    [undefined, true],
    ['"v1-800.webp"', true],
    ['"other"', false],
    // strong comparison: a weak tag never matches
    ['W/"v1-800.webp"', false],
    ['Fri, 20 Nov 2026 10:00:00 GMT', true],
    ['Fri, 20 Nov 2026 11:00:00 GMT', false],
    ['nonsense', false],
  ])('If-Range: %s → %s', (ifRange, expected) => {
    expect(isRangeApplicable(ifRange, current)).toBe(expected)
  })
})
