import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const parse = (hash: string) =>
  parseConfig({ HALFTONE_CLOUDFLARE_ACCOUNT: 'account', HALFTONE_CLOUDFLARE_ACCOUNT_HASH: hash })

test.each(['img', 'simg', 'api', 'client', 'upload', 'cdn-cgi', 'livez', 'a/b', 'a%20b', ''])(
  'the paths of hosted images do not begin with %j',
  (hash) => {
    expect(() => parse(hash)).toThrow(/HALFTONE_CLOUDFLARE_ACCOUNT_HASH/)
  },
)

test('they begin with what the pages have', () => {
  expect(parse('Vi7wi5KSItxGFsWRG2Us6Q').HALFTONE_CLOUDFLARE_ACCOUNT_HASH).toBe('Vi7wi5KSItxGFsWRG2Us6Q')
  expect(parse('images').HALFTONE_CLOUDFLARE_ACCOUNT_HASH).toBe('images')
})
