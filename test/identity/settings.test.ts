import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'

const SECRET = 'hk_0123456789012345678901234567890A'
const THIRTY_TWO = '0123456789012345678901234567890A'

describe('HALFTONE_API_KEYS', () => {
  test.each([
    [`shop::${SECRET}`, [{ name: 'shop', roles: [], secret: SECRET }]],
    [
      `jobs:admin+reviewer:${SECRET}, shop:reviewer:${SECRET}x`,
      [
        { name: 'jobs', roles: ['admin', 'reviewer'], secret: SECRET },
        { name: 'shop', roles: ['reviewer'], secret: `${SECRET}x` },
      ],
    ],
  ])('%s', (text, keys) => {
    expect(parseConfig({ HALFTONE_API_KEYS: text }).HALFTONE_API_KEYS).toEqual(keys)
  })

  test.each([
    'shop',
    `shop:${SECRET}`,
    `shop:root:${SECRET}`,
    `shop:admin+:${SECRET}`,
    `shop::${THIRTY_TWO}`,
    'shop::hk_short',
    `:admin:${SECRET}`,
    `shop::${SECRET},shop::${SECRET}x`,
    `shop::${SECRET},nonsense`,
  ])('is refused, and not shown: %s', (text) => {
    expect(() => parseConfig({ HALFTONE_API_KEYS: text })).toThrow(ConfigError)
    expect(() => parseConfig({ HALFTONE_API_KEYS: text })).toThrow(
      /^HALFTONE_API_KEYS \(set, not shown\): accepted is name:role/,
    )
  })
})

test.each(['HALFTONE_JWT_SECRETS', 'HALFTONE_ACCESS_KEYS'])(
  '%s are long enough not to be guessed',
  (name) => {
    expect(parseConfig({ [name]: `${THIRTY_TWO},${THIRTY_TWO}b` })).toMatchObject({
      [name]: [THIRTY_TWO, `${THIRTY_TWO}b`],
    })
    expect(() => parseConfig({ [name]: `${THIRTY_TWO},${THIRTY_TWO.slice(1)}` })).toThrow(ConfigError)
  },
)

describe('HALFTONE_JWT_JWKS_URL', () => {
  const issuer = { HALFTONE_JWT_ISSUER: 'https://id.test' }

  test.each(['https://id.test/jwks.json', 'http://127.0.0.1:8000/jwks', 'http://localhost/jwks'])(
    '%s',
    (url) => {
      expect(parseConfig({ ...issuer, HALFTONE_JWT_JWKS_URL: url }).HALFTONE_JWT_JWKS_URL).toBe(url)
    },
  )

  test.each([
    'http://id.test/jwks.json',
    'http://localhost.id.test/jwks',
    'http://127.0.0.1.id.test/',
    'file:///jwks',
  ])('is refused: %s', (url) => {
    expect(() => parseConfig({ ...issuer, HALFTONE_JWT_JWKS_URL: url })).toThrow(ConfigError)
  })

  test('needs an issuer', () => {
    expect(() => parseConfig({ HALFTONE_JWT_JWKS_URL: 'https://id.test/jwks.json' })).toThrow(
      'HALFTONE_JWT_ISSUER: ',
    )
  })
})

describe('HALFTONE_CLOUDFLARE_ACCOUNT', () => {
  const account = { HALFTONE_CLOUDFLARE_ACCOUNT: '023e105f4ecef8ad9ca31a8372d0c353' }

  test('needs what the URLs of its images begin with', () => {
    const hash = { HALFTONE_CLOUDFLARE_ACCOUNT_HASH: 'Vi7wi5KSItxGFsWRG2Us6Q' }
    expect(parseConfig({ ...account, ...hash })).toMatchObject({ ...account, ...hash })
    expect(parseConfig(hash)).toMatchObject(hash)
    expect(() => parseConfig(account)).toThrow('HALFTONE_CLOUDFLARE_ACCOUNT_HASH: ')
  })

  test.each(['a/b', 'a b', 'x'.repeat(65)])('is refused: %s', (text) => {
    expect(() => parseConfig({ HALFTONE_CLOUDFLARE_ACCOUNT_HASH: text })).toThrow(ConfigError)
  })
})
