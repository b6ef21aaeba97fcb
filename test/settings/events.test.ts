import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 9).toString('base64')}`

describe('the webhook', () => {
  test.each([
    ['https://hooks.example.com/halftone?token=1'],
    ['http://127.0.0.1:8000/'],
    ['http://[::1]:8000/'],
    ['http://localhost/hook'],
  ])('is taken: %s', (url) => {
    const set = { HALFTONE_WEBHOOK_URL: url, HALFTONE_WEBHOOK_SECRETS: [24, 32, 64].map(secretOf).join() }
    expect(parseConfig(set)).toMatchObject({
      HALFTONE_WEBHOOK_URL: url,
      HALFTONE_WEBHOOK_SECRETS: [24, 32, 64].map(secretOf),
    })
  })

  test.each([
    ['hooks.example.com'],
    ['http://hooks.example.com/'],
    ['http://127.0.0.1.example.com/'],
    ['http://10.0.0.7/'],
    ['ftp://hooks.example.com/'],
    ['https://user:password@hooks.example.com/'],
  ])('is refused, and not shown: %s', (url) => {
    const set = { HALFTONE_WEBHOOK_URL: url, HALFTONE_WEBHOOK_SECRETS: secretOf(32) }
    expect(() => parseConfig(set)).toThrow(
      /^HALFTONE_WEBHOOK_URL \(set, not shown\): accepted is an https: address/,
    )
  })

  test.each([['secret'], [secretOf(23)], [secretOf(65)], [secretOf(32).slice(6)], [`${secretOf(32)}!`]])(
    'its secret is refused, and not shown: %s',
    (secret) => {
      const parse = () => parseConfig({ HALFTONE_WEBHOOK_SECRETS: `${secretOf(32)},${secret}` })
      expect(parse).toThrow(/^HALFTONE_WEBHOOK_SECRETS \(set, not shown\): accepted is whsec_/)
    },
  )

  test('needs a secret', () => {
    expect(() => parseConfig({ HALFTONE_WEBHOOK_URL: 'https://hooks.example.com/' })).toThrow(
      'HALFTONE_WEBHOOK_SECRETS: HALFTONE_WEBHOOK_URL needs at least one secret',
    )
  })
})

describe('the virus scanner', () => {
  test.each([
    ['clamd.example.internal:3310', { host: 'clamd.example.internal', port: 3310 }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['[::1]:3310', { host: '::1', port: 3310 }],
    ['unix:/run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
  ])('is taken: %s', (text, address) => {
    expect(parseConfig({ HALFTONE_CLAMD: text }).HALFTONE_CLAMD).toEqual(address)
  })

  test.each([
    ['clamd'],
    ['clamd:0'],
    ['clamd:65536'],
    ['::1:3310'],
    ['tcp://clamd:3310'],
    ['unix:clamd.ctl'],
    [':3310'],
  ])('is refused: %s', (text) => {
    expect(() => parseConfig({ HALFTONE_CLAMD: text })).toThrow(/HALFTONE_CLAMD=.*accepted is host:port/)
  })
})
