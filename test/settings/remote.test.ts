import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { hasRemoteSources } from '../../src/settings/remote.ts'

describe('sources on other servers', () => {
  test('are off until the operator names one', () => {
    expect(hasRemoteSources(parseConfig({}))).toBe(false)
    expect(hasRemoteSources(parseConfig({ HALFTONE_REMOTE_SOURCES: '*.example.com' }))).toBe(true)
    expect(hasRemoteSources(parseConfig({ HALFTONE_SITE_ORIGIN: 'http://10.0.0.7:8080/' }))).toBe(true)
  })

  test('are read one by one', () => {
    const { HALFTONE_REMOTE_SOURCES: allowed } = parseConfig({
      HALFTONE_REMOTE_SOURCES: 'https://a.test/photos/, *.b.test:8443,*',
    })
    expect(allowed).toMatchObject([
      { scheme: 'https:', host: 'a.test', withSubdomains: false, path: '/photos/' },
      { host: 'b.test', withSubdomains: true, port: 8443, path: '/' },
      { withSubdomains: false, path: '/' },
    ])
  })

  test.each([
    ['HALFTONE_REMOTE_SOURCES', 'a.test,ftp://b.test'],
    ['HALFTONE_REMOTE_SOURCES', 'a.*.test'],
    ['HALFTONE_SITE_ORIGIN', 'https://www.example.com/shop'],
    ['HALFTONE_SITE_ORIGIN', 'www.example.com'],
    ['HALFTONE_SITE_ORIGIN', 'https://user:password@www.example.com'],
  ])('%s=%s is a fault', (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(new RegExp(`^${name}=.*: accepted is `))
  })

  test.each([
    ['HALFTONE_CDN_URL', 'https://www.example.com'],
    ['HALFTONE_PUBLIC_URL', 'https://www.example.com/pictures'],
    ['HALFTONE_HOST_PREFIXES', 'www.example.com=shop/'],
  ])('are not at the gateway itself: %s=%s', (name, value) => {
    const site = { HALFTONE_SITE_ORIGIN: 'https://www.example.com' }
    expect(() => parseConfig({ ...site, [name]: value })).toThrow(
      'HALFTONE_SITE_ORIGIN: is where this gateway is reached; name the server behind it',
    )
    expect(() => parseConfig({ ...site, [name]: value.replace('www', 'cdn') })).not.toThrow()
  })

  test('have to answer before whoever waits for them has gone', () => {
    const slow = { HALFTONE_REMOTE_TIMEOUT_MS: '5000', HALFTONE_FETCH_TIMEOUT_MS: '5000' }
    expect(() => parseConfig(slow)).not.toThrow()
    expect(() => parseConfig({ ...slow, HALFTONE_REMOTE_SOURCES: '*' })).toThrow(
      /^HALFTONE_REMOTE_TIMEOUT_MS: must be below HALFTONE_FETCH_TIMEOUT_MS/,
    )
  })
})
