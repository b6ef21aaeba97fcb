import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../origin/origin-config.ts'

describe('the environment', () => {
  test('may say nothing', () => {
    expect(parseConfig({ ORIGIN_PORT: '' })).toEqual({
      ok: true,
      config: {
        port: 9000,
        host: '127.0.0.1',
        directory: './data/origin',
        credentials: undefined,
        region: 'us-east-1',
        buckets: [],
        stopWithStdin: false,
        logRequests: false,
      },
    })
  })

  test('may say everything', () => {
    const parsed = parseConfig({
      ORIGIN_PORT: '0',
      ORIGIN_HOST: '::1',
      ORIGIN_DIR: '/data',
      ORIGIN_CREDENTIALS: 'one:secret-one, two:secret:two',
      ORIGIN_REGION: 'eu-west-1',
      ORIGIN_BUCKETS: 'pictures, more.pictures',
      ORIGIN_STOP_WITH_STDIN: '1',
      ORIGIN_LOG: 'requests',
    })
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        port: 0,
        host: '::1',
        directory: '/data',
        region: 'eu-west-1',
        buckets: ['pictures', 'more.pictures'],
        stopWithStdin: true,
        logRequests: true,
      },
    })
    const pairs = parsed.ok ? [...(parsed.config.credentials ?? [])] : []
    expect(pairs).toEqual([
      ['one', 'secret-one'],
      ['two', 'secret:two'],
    ])
  })

  test.each([
    ['ORIGIN_PORT', '65536'],
    ['ORIGIN_PORT', '9000x'],
    ['ORIGIN_HOST', 'a b'],
    ['ORIGIN_REGION', 'US EAST'],
    ['ORIGIN_BUCKETS', 'good,Bad'],
    ['ORIGIN_STOP_WITH_STDIN', 'yes'],
    ['ORIGIN_LOG', 'all'],
  ])('%s=%s is a fault that names both', (name, value) => {
    const parsed = parseConfig({ [name]: value })
    expect(parsed.ok ? [] : parsed.faults).toEqual([expect.stringContaining(`${name} "${value}": must be`)])
  })

  test.each([
    'key',
    'key:short',
    'a:long-enough',
    'key:long-enough,key:another-one',
    ':long-enough',
    'key:with blank!',
  ])('ORIGIN_CREDENTIALS=%s is a fault that shows no secret', (value) => {
    const parsed = parseConfig({ ORIGIN_CREDENTIALS: value })
    expect(parsed.ok ? [] : parsed.faults).toEqual([
      expect.stringMatching(/^ORIGIN_CREDENTIALS: must be key:secret/),
    ])
  })

  test('all faults are told together', () => {
    const parsed = parseConfig({ ORIGIN_PORT: 'x', ORIGIN_CREDENTIALS: 'x', ORIGIN_LOG: 'x' })
    expect(parsed.ok ? [] : parsed.faults).toHaveLength(3)
  })
})
