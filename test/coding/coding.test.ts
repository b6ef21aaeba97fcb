import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { codedEtag, gzipped, readCoding } from '../../src/coding/coding.ts'

test.each([
  [null, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br, zstd', 'gzip'],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip'],
  ['*', 'gzip'],
  ['*;q=0', 'identity'],
  ['*;q=0, gzip', 'gzip'],
  ['gzip;q=0', 'identity'],
  ['gzip;q=0, *', 'identity'],
  ['gzip; q=0.000', 'identity'],
  ['gzip;q=0.5, identity', 'identity'],
  ['gzip;q=0.5, identity;q=0.4', 'gzip'],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['identity', 'identity'],
  ['br', 'identity'],
  ['gzip;q=abc', 'identity'],
  ['gzip;level=9', 'identity'],
  ['gzippy', 'identity'],
  [',,gzip,,', 'gzip'],
])('Accept-Encoding: %s is answered in %s', (header, coding) => {
  expect(readCoding(header)).toBe(coding)
})

test('other bytes have another ETag, and it is strong', () => {
  expect(codedEtag('"abc"', 'identity')).toBe('"abc"')
  expect(codedEtag('"abc"', 'gzip')).toBe('"abc-gzip"')
})

test('bytes are compressed once', async () => {
  const bytes = Buffer.from('drawn '.repeat(1000))
  const [first, second] = await Promise.all([gzipped(bytes), gzipped(bytes)])
  expect(second).toBe(first)
  expect(first.length).toBeLessThan(bytes.length / 10)
  expect(gunzipSync(first).equals(bytes)).toBe(true)
  expect(await gzipped(Buffer.from(bytes))).not.toBe(first)
})
