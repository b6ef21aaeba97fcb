import { describe, expect, test } from 'vitest'
import { createEdgeSigner, type EdgeTerms } from '../../src/cdn/edge-signer.ts'
import { checkAtEdge, newEdgeKey, type Viewed } from './edge-permission.ts'

const NOW = 1_800_000_000
const at = (seconds: number) => new Date(seconds * 1000 + 999)
const TERMS: EdgeTerms = { expiresAt: at(NOW + 60) }
const URL_BELOW = 'https://cdn.test/private/img/items/42/photos/p1/'
const PICTURE = `${URL_BELOW}@A7wTvEoQz-QeMLL/800.webp?expires=1&access=a_b-c`

const keys = { rsa: newEdgeKey('rsa'), ec: newEdgeKey('ec') }
const KINDS = (['rsa', 'ec'] as const).flatMap((type) =>
  (['sha1', 'sha256'] as const).map((hash) => [type, hash] as const),
)

function open(type: 'rsa' | 'ec', hash: 'sha1' | 'sha256' = 'sha256') {
  const { privateKey, trusted } = keys[type]
  return {
    signer: createEdgeSigner({ keyPairId: trusted.id, privateKey, hash }),
    ask: (viewed: Omit<Viewed, 'at'> & { at?: number }) => checkAtEdge(trusted, { at: NOW, ...viewed }),
  }
}

describe.each(KINDS)('requirements: Safety – signed URLs and cookies: %s, %s', (type, hash) => {
  const { signer, ask } = open(type, hash)

  test('a URL, canned: that one, until its end', () => {
    const url = signer.signUrl(PICTURE, TERMS)
    expect(url).toMatch(/&Expires=1800000060\b/)
    expect(url.includes('Hash-Algorithm=SHA256')).toBe(hash === 'sha256')
    // The origin is asked for what was signed, `@` and all.
    expect(ask({ url })).toEqual({ allowed: true, forwarded: PICTURE })
    expect(ask({ url, at: NOW + 59 }).allowed).toBe(true)
    expect(ask({ url, at: NOW + 60 }).allowed).toBe(false)
    expect(ask({ url: url.replace('800', '801') }).allowed).toBe(false)
    expect(ask({ url: url.replace('expires=1&', 'expires=2&') }).allowed).toBe(false)
    expect(ask({ url: url.replace('Expires=1800000060', 'Expires=1800000061') }).allowed).toBe(false)
    expect(ask({ url: PICTURE }).allowed).toBe(false)
  })

  test('a URL, custom: not before its start, and from one network only', () => {
    const url = signer.signUrl(PICTURE, { ...TERMS, startsAt: at(NOW - 60), network: '192.0.2.0/28' })
    expect(url).toMatch(/&Policy=[\w~-]+/)
    expect(ask({ url })).toEqual({ allowed: true, forwarded: PICTURE })
    expect(ask({ url, at: NOW - 61 }).allowed).toBe(false)
    expect(ask({ url, at: NOW + 60 }).allowed).toBe(false)
    expect(ask({ url, address: '192.0.2.16' }).allowed).toBe(false)
    const one = signer.signUrl(PICTURE, { ...TERMS, network: '192.0.2.1' })
    expect([ask({ url: one }).allowed, ask({ url: one, address: '192.0.2.2' }).allowed]).toEqual([
      true,
      false,
    ])
  })

  test('all below a path, with one signature', () => {
    const permission = signer.signBelow(URL_BELOW, TERMS)
    const url = (rest: string) => `${rest}${rest.includes('?') ? '&' : '?'}${permission}`
    expect(ask({ url: url(PICTURE) })).toEqual({ allowed: true, forwarded: PICTURE })
    expect(ask({ url: url(`${URL_BELOW}1200.avif`) }).allowed).toBe(true)
    expect(ask({ url: url(URL_BELOW.replace('p1', 'p2')) }).allowed).toBe(false)
    expect(ask({ url: url(PICTURE), at: NOW + 60 }).allowed).toBe(false)
  })

  test('the same as cookies', () => {
    const cookies = signer.signCookies(URL_BELOW, TERMS)
    expect(Object.keys(cookies)).toEqual([
      'CloudFront-Key-Pair-Id',
      'CloudFront-Signature',
      'CloudFront-Policy',
      ...(hash === 'sha256' ? ['CloudFront-Hash-Algorithm'] : []),
    ])
    expect(ask({ url: PICTURE, cookies })).toEqual({ allowed: true, forwarded: PICTURE })
    expect(ask({ url: PICTURE.replace('p1', 'p2'), cookies }).allowed).toBe(false)
    expect(ask({ url: PICTURE, cookies: { ...cookies, 'CloudFront-Key-Pair-Id': 'K1' } }).allowed).toBe(false)
  })
})

test('a signature of another key is none', () => {
  const other = newEdgeKey('ec')
  const url = createEdgeSigner({
    keyPairId: other.trusted.id,
    privateKey: other.privateKey,
    hash: 'sha256',
  }).signUrl(PICTURE, TERMS)
  expect(open('ec').ask({ url }).allowed).toBe(false)
})

describe('what cannot hold is refused', () => {
  const { signer } = open('ec')

  test.each([
    ['an end that is none', { expiresAt: new Date(Number.NaN) }],
    ['a start behind the end', { ...TERMS, startsAt: at(NOW + 60) }],
    ['IPv6', { ...TERMS, network: '2001:db8::/32' }],
    ['half an address', { ...TERMS, network: '192.0.2/24' }],
    ['too many bits', { ...TERMS, network: '192.0.2.0/33' }],
    ['two slashes', { ...TERMS, network: '192.0.2.0/24/1' }],
  ])('terms: %s', (_, terms) => {
    expect(() => signer.signUrl(PICTURE, terms)).toThrow(RangeError)
    expect(() => signer.signBelow(URL_BELOW, terms)).toThrow(RangeError)
    expect(() => signer.signCookies(URL_BELOW, terms)).toThrow(RangeError)
  })

  test.each(['?Policy=1', '?a=1&Signature=2', '?Key-Pair-Id', '?Hash-Algorithm=SHA1', '?Expires=1', '*'])(
    'a URL with %s',
    (rest) => {
      expect(() => signer.signUrl(`${URL_BELOW}800.webp${rest}`, TERMS)).toThrow(RangeError)
    },
  )

  test.each(['https://cdn.test/*/img/', 'https://cdn.test/img/?'])('all below %s', (prefix) => {
    expect(() => signer.signBelow(prefix, TERMS)).toThrow(RangeError)
  })
})
