import { describe, expect, it } from 'vitest'
import { formatPath, parseSegments, pathOf } from '../../src/urls/target.ts'

describe('pathOf', () => {
  it.each([
    ['/img/a/800.webp', '/img/a/800.webp'],
    ['/', '/'],
    // The query goes, whatever it holds.
    ['/img/a?v=2', '/img/a'],
    ['/img/a?', '/img/a'],
    ['/img/a?x=/b/../c?d\n', '/img/a'],
    ['/img/a%3Fb?c', '/img/a%3Fb'],
    // The authority of the absolute form goes.
    ['http://host/img/a', '/img/a'],
    ['HTTPS://user@host:8080/img/a?b', '/img/a'],
    ['http:///img/a', '/img/a'],
    // Nothing is resolved, merged or decoded.
    ['/img/../a//b/%2e', '/img/../a//b/%2e'],
    ['//host/img/a', '//host/img/a'],
  ])('%j', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })

  it.each([
    '',
    '*',
    'img/a',
    '?/img/a',
    'host:443',
    'http://host',
    'http://host?/img/a',
    'http://host\\img',
    'ftp://h/img',
  ])('refuses %j', (target) => {
    expect(() => pathOf(target)).toThrow(expect.objectContaining({ code: 'invalid_target' }))
  })
})

describe('parseSegments and formatPath', () => {
  it.each([
    // encoded as we write it, decoded
    ['a', 'a'],
    ['a%20b', 'a b'],
    ['%40x%2B%2C%3A%3B%3D%26%24', '@x+,:;=&$'],
    ["-_.!~*'()", "-_.!~*'()"],
    ['%25', '%'],
    ['%252e', '%2e'],
    ['%252F', '%2F'],
    ['%3F%23', '?#'],
    ['...', '...'],
    ['.a', '.a'],
    ['caf%C3%A9', 'café'],
    ['cafe%CC%81', 'cafe\u0301'], // not the same key as the line above: no normalisation
    ['%F0%9F%90%88', '🐈'],
    ['%EF%BB%BFa', '\uFEFFa'],
    ['a/b%20c/d', 'a/b c/d'],
  ])('%s', (encoded, path) => {
    expect(parseSegments(`/${encoded}`)).toEqual(
      encoded.split('/').map((raw, index) => ({ raw, text: path.split('/')[index] })),
    )
    expect(formatPath(path)).toBe(encoded)
  })

  it.each([
    // Not canonical, but understood.
    ['%61', 'a'],
    ['%c3%a9', 'é'],
    ['é', 'é'],
    ['@+:', '@+:'],
    ['%2D', '-'],
  ])('%s is read', (raw, text) => {
    expect(parseSegments(`/${raw}`)).toEqual([{ raw, text }])
  })

  it.each([
    // Empty and dot segments.
    ['', 'path segment 1: must not be empty'],
    ['a//b', 'path segment 2: must not be empty'],
    ['a/', 'path segment 2: must not be empty'],
    ['.', 'must not be empty, "." or ".."'],
    ['a/../b', 'path segment 2: must not be empty, "." or ".."'],
    ['%2e', 'must not be empty, "." or ".."'],
    ['%2E%2e', 'must not be empty, "." or ".."'],
    ['.%2e', 'must not be empty, "." or ".."'],
    // Separators in disguise.
    ['a%2Fb', 'must not hold control characters, "/" or "\\"'],
    ['a%2fb', 'must not hold control characters, "/" or "\\"'],
    ['a%5Cb', 'must not hold control characters, "/" or "\\"'],
    ['a\\b', 'must not hold control characters, "/" or "\\"'],
    // C0, DEL, C1.
    ['a%00', 'must not hold control characters'],
    ['a\u0000', 'must not hold control characters'],
    ['a%0d%0Ab', 'must not hold control characters'],
    ['%1F', 'must not hold control characters'],
    ['%7F', 'must not hold control characters'],
    ['%C2%80', 'must not hold control characters'],
    ['%C2%9F', 'must not hold control characters'],
    ['\u0085', 'must not hold control characters'],
    // Half a character.
    ['\uD83D', 'must not hold'],
    // Percent sequences that are none, bytes that are not UTF-8.
    ['%', 'must be percent-encoded UTF-8'],
    ['a%2', 'must be percent-encoded UTF-8'],
    ['%zz', 'must be percent-encoded UTF-8'],
    ['%u0041', 'must be percent-encoded UTF-8'],
    ['%FF', 'must be percent-encoded UTF-8'],
    ['%C3', 'must be percent-encoded UTF-8'],
    ['%A9', 'must be percent-encoded UTF-8'],
    ['%C0%AE', 'must be percent-encoded UTF-8'], // an overlong "."
    ['%C0%AF', 'must be percent-encoded UTF-8'], // an overlong "/"
    ['%ED%A0%80', 'must be percent-encoded UTF-8'], // a surrogate
    ['%F4%90%80%80', 'must be percent-encoded UTF-8'], // beyond U+10FFFF
  ])('refuses %j', (path, message) => {
    expect(() => parseSegments(`/${path}`)).toThrow(
      expect.objectContaining({ code: 'invalid_target', message: expect.stringContaining(message) }),
    )
  })

  it.each(['', '/a', 'a/', 'a//b', '..', 'a/./b', 'a\\b', 'a\nb', '\uDC00'])('does not print %j', (path) => {
    expect(() => formatPath(path)).toThrow(expect.objectContaining({ code: 'invalid_target' }))
  })
})
