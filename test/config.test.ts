import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../src/config.ts'

/** The lines of the error that an environment causes. */
function faultsOf(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('parseConfig', () => {
  test('an empty environment has defaults for everything but the bucket', () => {
    const config = parseConfig({})
    expect(config).toMatchObject({
      PORT: 8080,
      HALFTONE_HOST: '127.0.0.1',
      HALFTONE_ADMIN_PORT: 9090,
      HALFTONE_SOURCES: ['items/', 'profiles/'],
      HALFTONE_SIZES: 'ladder',
      HALFTONE_MEMORY_MB: 256 * 1024 * 1024,
      AWS_REGION: 'us-east-1',
    })
    expect(config.HALFTONE_BUCKET).toBeUndefined()
    expect([...config.HALFTONE_PRESETS.keys()]).toEqual(['thumbnail', 'medium', 'large', 'original'])
    expect(Object.isFrozen(config)).toBe(true)
  })

  test('what is set to nothing is not set', () => {
    expect(parseConfig({ PORT: '', HALFTONE_BUCKET: '' }).PORT).toBe(8080)
  })

  test('all faults are told together, each with the variable, its value and what is accepted', () => {
    expect(
      faultsOf({
        PORT: '80 80',
        HALFTONE_SIZES: 'all',
        HALFTONE_SOURCES: 'items',
        HALFTONE_PRESETS: 'card=0',
        AWS_ENDPOINT_URL_S3: 'localhost:9000',
        HALFTONE_SIGNING_KEYS: 'short',
        HALFTONE_S3_FORCE_PATH_STYLE: 'yes',
      }),
    ).toEqual([
      'PORT="80 80": accepted is a whole number from 0 to 65535',
      'AWS_ENDPOINT_URL_S3="localhost:9000": accepted is an address such as https://s3.example.com',
      'HALFTONE_S3_FORCE_PATH_STYLE="yes": accepted is true or false',
      'HALFTONE_SOURCES="items": accepted is prefixes that end in /, such as items/,photos/, or * for all',
      'HALFTONE_SIZES="all": accepted is ladder, any, signed',
      expect.stringMatching(
        /^HALFTONE_PRESETS="card=0": accepted is presets such as card=400,hero=1600x900: .*card/,
      ),
      'HALFTONE_SIGNING_KEYS (set, not shown): accepted is keys of at least 16 characters, separated by commas',
    ])
  })

  test.each([
    [
      'a size that there is not',
      { HALFTONE_ITEM_PHOTO_PRESETS: 'large,poster' },
      'HALFTONE_ITEM_PHOTO_PRESETS: there is no preset poster',
    ],
    [
      'a format that is never taken',
      { HALFTONE_DOCUMENT_FORMATS: 'pdf,svg' },
      'HALFTONE_DOCUMENT_FORMATS="pdf,svg": accepted is names out of jpeg, png, webp, avif, gif, pdf, with commas',
    ],
    [
      'a number out of range',
      { HALFTONE_WORKERS: '257' },
      'HALFTONE_WORKERS="257": accepted is a whole number from 0 to 256',
    ],
    [
      'a secret that cannot stand in a header',
      { HALFTONE_ORIGIN_SECRETS: 'long enough but with spaces' },
      'HALFTONE_ORIGIN_SECRETS (set, not shown): accepted is secrets of 16 to 1783 visible ASCII characters, separated by commas',
    ],
    ['a misspelt name', { HALFTONE_SIZE: 'any' }, 'HALFTONE_SIZE: there is no such setting'],
    [
      'half a pair of credentials',
      { AWS_ACCESS_KEY_ID: 'id' },
      'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both, or none to use the role of this machine',
    ],
    [
      'signed sizes without a key',
      { HALFTONE_SIZES: 'signed' },
      'HALFTONE_SIGNING_KEYS: HALFTONE_SIZES=signed needs at least one key',
    ],
    [
      'a key for another encryption',
      { HALFTONE_S3_SSE: 's3', HALFTONE_S3_KMS_KEY_ID: 'alias/pictures' },
      'HALFTONE_S3_KMS_KEY_ID: is used with HALFTONE_S3_SSE=kms only',
    ],
  ])('%s', (_, environment, fault) => {
    expect(faultsOf(environment)).toEqual([fault])
  })

  test('no secret is ever shown', () => {
    const secret = 'a secret\nwith a line'
    const faults = faultsOf({ ORIGIN_CREDENTIALS: secret, HALFTONE_SIGNING_KEYS: 'brief', PORT: 'x' }).join(
      '\n',
    )
    expect(faults).toContain('ORIGIN_CREDENTIALS (set, not shown)')
    expect(faults).not.toContain('brief')
    expect(faults).not.toContain('a secret')
  })
})
