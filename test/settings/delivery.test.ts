import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'

const THIRTY_TWO = '0123456789012345678901234567890A'

function rsa(modulusLength: number): string {
  const encoding = { type: 'pkcs8', format: 'pem' } as const
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  return generateKeyPairSync('rsa', { modulusLength, privateKeyEncoding: encoding, publicKeyEncoding })
    .privateKey
}

function ec(namedCurve: string, type: 'pkcs8' | 'sec1' = 'pkcs8'): string {
  return generateKeyPairSync('ec', {
    namedCurve,
    privateKeyEncoding: { type, format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
}

const signing = (privateKey: string) => ({
  HALFTONE_CDN_URL: 'https://cdn.test',
  HALFTONE_CLOUDFRONT_KEY_PAIR_ID: 'K2JCJMDEHXQW5F',
  HALFTONE_CLOUDFRONT_PRIVATE_KEY: privateKey,
  HALFTONE_ACCESS_KEYS: THIRTY_TWO,
  HALFTONE_ORIGIN_SECRETS: THIRTY_TWO,
})

function faultsOf(environment: Record<string, string>): string {
  try {
    parseConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

function fileWith(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'halftone-key-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'key.pem')
  writeFileSync(file, text)
  return file
}

describe('HALFTONE_CLOUDFRONT_PRIVATE_KEY', () => {
  const key = (environment: Record<string, string>) =>
    parseConfig(environment).HALFTONE_CLOUDFRONT_PRIVATE_KEY

  test.each([
    ['RSA of 2048 bits', rsa(2048)],
    ['ECDSA on P-256', ec('P-256')],
    ['the older form of the same', ec('P-256', 'sec1')],
  ])('%s, as it stands, on one line, or in a file', (_, pem) => {
    expect(key(signing(pem))).toBe(pem)
    expect(key(signing(pem.replaceAll('\n', String.raw`\n`)))).toBe(pem)
    expect(key(signing(fileWith(pem)))).toBe(pem)
  })

  test.each([
    ['RSA of 3072 bits', rsa(3072)],
    ['ECDSA on P-384', ec('P-384')],
    ['nonsense', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n'],
    ['a key that has lost its first line', ec('P-256').split('\n').slice(1).join('\n')],
    ['no such file', join(tmpdir(), 'halftone-no-such-file.pem')],
  ])('is refused, and not shown: %s', (_, text) => {
    const faults = faultsOf(signing(text))
    expect(faults).toMatch(/^HALFTONE_CLOUDFRONT_PRIVATE_KEY \(set, not shown\): accepted is the PEM/)
    expect(faults).not.toContain(text.split('\n').find((line) => line.length > 20) ?? text)
  })
})

test.each([
  ['HALFTONE_CDN_URL', { HALFTONE_CDN_URL: '' }],
  ['HALFTONE_ACCESS_KEYS', { HALFTONE_ACCESS_KEYS: '' }],
  ['HALFTONE_ORIGIN_SECRETS', { HALFTONE_ORIGIN_SECRETS: '' }],
  ['HALFTONE_CLOUDFRONT_KEY_PAIR_ID', { HALFTONE_CLOUDFRONT_KEY_PAIR_ID: '' }],
  ['HALFTONE_CLOUDFRONT_KEY_PAIR_ID', { HALFTONE_CLOUDFRONT_PRIVATE_KEY: '' }],
])('signing for the edge needs it all: without, the fault begins with %s', (name, missing) => {
  const faults = faultsOf({ ...signing(ec('P-256')), ...missing })
  expect(faults.split('\n')).toHaveLength(1)
  expect(faults.startsWith(name)).toBe(true)
})

test('requiring a secret needs one', () => {
  expect(faultsOf({ HALFTONE_ORIGIN_SECRET_REQUIRED: 'true' })).toMatch(/^HALFTONE_ORIGIN_SECRETS: /)
})

test.each([
  ['HALFTONE_CDN_URL', 'https://cdn.test/', 'https://cdn.test'],
  ['HALFTONE_CDN_URL', 'http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ['HALFTONE_COOKIE_DOMAIN', 'Example.com', 'example.com'],
])('%s=%s', (name, text, value) => {
  expect(parseConfig({ [name]: text })).toMatchObject({ [name]: value })
})

test.each([
  ['HALFTONE_CDN_URL', 'https://cdn.test/pictures'],
  ['HALFTONE_CDN_URL', 'https://cdn.test?x'],
  ['HALFTONE_CDN_URL', 'https://user@cdn.test'],
  ['HALFTONE_CDN_URL', 'cdn.test'],
  ['HALFTONE_COOKIE_DOMAIN', 'com'],
  ['HALFTONE_COOKIE_DOMAIN', '.example.com'],
  ['HALFTONE_COOKIE_DOMAIN', 'example.com; Path=/'],
])('%s=%s is refused', (name, text) => {
  expect(faultsOf({ [name]: text }).startsWith(name)).toBe(true)
})

describe('HALFTONE_TRUSTED_PROXIES', () => {
  test('are addresses and networks', () => {
    const text = '10.0.0.0/8, 192.0.2.1,fd00::/8,::1'
    expect(parseConfig({ HALFTONE_TRUSTED_PROXIES: text }).HALFTONE_TRUSTED_PROXIES).toEqual([
      { address: '10.0.0.0', bits: 8 },
      { address: '192.0.2.1', bits: 32 },
      { address: 'fd00::', bits: 8 },
      { address: '::1', bits: 128 },
    ])
  })

  test.each([
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'proxy.internal',
    '/8',
    '10.0.0.1/-1',
  ])('are not: %s', (text) => {
    expect(faultsOf({ HALFTONE_TRUSTED_PROXIES: `10.0.0.1,${text}` })).toContain(
      'accepted is addresses and networks',
    )
  })
})
