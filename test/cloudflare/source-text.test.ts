import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSourceText, type SourceText } from '../../src/cloudflare/source-text.ts'
import { GatewayError } from '../../src/errors.ts'

describe('a source on the host that was asked', () => {
  it.each([
    ['uploads/a.jpg', 'uploads/a.jpg', ''],
    ['/uploads/a.jpg', 'uploads/a.jpg', ''],
    ['//media/x.webp', 'media/x.webp', ''],
    ['a//b///c.jpg', 'a/b/c.jpg', ''],
    ['uploads/a.jpg?v=3&x=//y', 'uploads/a.jpg', '?v=3&x=//y'],
    ['a.jpg?', 'a.jpg', '?'],
    ['%C3%A9t%C3%A9%20%25.jpg', 'été %.jpg', ''],
    ['httpx://a', 'httpx:/a', ''],
    ['https:a/b.jpg', 'https:a/b.jpg', ''],
    ['a/https://b/c.jpg', 'a/https:/b/c.jpg', ''],
    ['//evil.example/a.jpg', 'evil.example/a.jpg', ''],
  ])('%s is %s with query "%s"', (source, path, query) => {
    expect(parseSourceText(source)).toEqual({ by: 'path', path, query })
  })

  it.each([
    '',
    '/',
    '?v=1',
    'a/',
    '..',
    'a/../b',
    'a/%2e%2E/b',
    './a',
    'a%2Fb',
    'a%5Cb',
    'a\\b',
    'a%00',
    'a%0Ab',
    '%ff',
  ])('%s is refused', refuses)
})

describe('a source on another server', () => {
  it.each([
    ['https://host/a.jpg', 'https://host/a.jpg'],
    ['http://host:8080/a.jpg?v=3#top', 'http://host:8080/a.jpg?v=3'],
    ['https:/host/a.jpg', 'https://host/a.jpg'],
    ['https:////host/a.jpg', 'https://host/a.jpg'],
    ['HTTPS://Host/a.jpg', 'https://host/a.jpg'],
    ['https://host:443/a/../b.jpg', 'https://host/b.jpg'],
    ['https://host', 'https://host/'],
    ['https%3A%2F%2Fhost%2Fa.jpg', 'https://host/a.jpg'],
    ['https%3a%2f%2Fhost%2fa.jpg%3Fv%3D3', 'https://host/a.jpg?v=3'],
    ['https%3A//host/a.jpg?v=3', 'https://host/a.jpg?v=3'],
    ['http%3A%2Fhost%2Fa.jpg', 'http://host/a.jpg'],
    ['https%3A%2F%2Fhost%2F%C3%A9%20a.jpg', 'https://host/%C3%A9%20a.jpg'],
    ['https%3A%2F%2Fhost%2F%2520.jpg', 'https://host/%20.jpg'],
    ['https://h%C3%A9.example/a', 'https://xn--h-bga.example/a'],
  ])('%s is %s', (source, url) => {
    const parsed = parseSourceText(source)
    expect(parsed).toMatchObject({ by: 'url' })
    expect(hrefOf(parsed)).toBe(url)
  })

  it.each([
    'https://',
    'https:///',
    'https%3A',
    'https%3A%2F%2F',
    'https://user@host/a.jpg',
    'https://user:password@host/a.jpg',
    'https://host:99999/a.jpg',
    'https://ho st/a.jpg',
    'https://host/a b.jpg',
    'https://host/é.jpg',
    'https://host\\@evil/a.jpg',
    'https%3A%2F%2Fhost%5C@evil%2Fa.jpg',
    'https%3A%2F%2Fho%0Ast%2Fa.jpg',
    'https%3A%2F%2Fho%09st%2Fa.jpg',
    'https%3A%2F%2F%ff',
    'https://[::1/a.jpg',
  ])('%s is refused', refuses)
})

it('of any text nothing foreign is thrown, and no URL is of another scheme', () => {
  const start = fc.constantFrom('', '/', 'https:/', 'https://', 'http%3A%2F%2F', 'HTTP:///', 'a/')
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.webUrl(),
    fc.constantFrom('%2e%2e/', '@', '\\', '%5C', '#', '?', '[::1]', '%00', '..'),
  )
  fc.assert(
    fc.property(start, fc.array(noise, { maxLength: 4 }), (start, rest) => {
      const parsed = attempt(start + rest.join(''))
      expect(['http:', 'https:', undefined]).toContain(parsed?.by === 'url' ? parsed.url.protocol : undefined)
      expect(parsed?.by === 'path' ? parsed.path.split('/') : []).not.toContain('..')
    }),
    { numRuns: 2000 },
  )
})

function refuses(source: string): void {
  expect(() => parseSourceText(source)).toThrow(GatewayError)
  expect(() => parseSourceText(source)).toThrow(expect.objectContaining({ code: 'invalid_source_url' }))
}

const hrefOf = (parsed: SourceText): string | undefined => (parsed.by === 'url' ? parsed.url.href : undefined)

function attempt(source: string): SourceText | undefined {
  try {
    return parseSourceText(source)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
