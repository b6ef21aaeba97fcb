import { describe, expect, test } from 'vitest'
import { isAllowedSource, parseAllowedSource } from '../../src/remote/allowed-sources.ts'

const allows = (entry: string, url: string) => {
  const parsed = parseAllowedSource(entry)
  if (parsed === undefined) throw new Error(`${entry} is no entry`)
  return isAllowedSource(new URL(url), [parsed])
}

describe('what an entry of the list allows', () => {
  test.each([
    ['b.com', 'https://b.com/a.jpg'],
    ['b.com', 'http://b.com/a.jpg'],
    ['b.com', 'https://B.COM:443/a.jpg'],
    ['B.com', 'https://b.com/'],
    ['https://b.com', 'https://b.com/a.jpg'],
    ['*.b.com', 'https://b.com/a.jpg'],
    ['*.b.com', 'https://x.b.com/a.jpg'],
    ['*.b.com', 'https://x.y.b.com/a.jpg'],
    ['b.com:8443', 'https://b.com:8443/a.jpg'],
    ['b.com:443', 'https://b.com/a.jpg'],
    ['b.com:80', 'http://b.com/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos/a.jpg'],
    ['b.com/photos', 'https://b.com/photos-2024/a.jpg'],
    ['*.b.com/photos/', 'https://x.b.com/photos/a.jpg?w=1'],
    ['b.com/für/', 'https://b.com/f%C3%BCr/a.jpg'],
    ['bücher.example', 'https://xn--bcher-kva.example/a.jpg'],
    ['xn--bcher-kva.example', 'https://BÜCHER.example/a.jpg'],
    ['93.184.216.34', 'https://0x5db8d822/a.jpg'],
    ['[2606:4700::1]', 'https://[2606:4700:0:0::1]/a.jpg'],
    ['*', 'https://anything.test/a.jpg'],
  ])('%s allows %s', (entry, url) => {
    expect(allows(entry, url)).toBe(true)
  })

  test.each([
    ['b.com', 'https://x.b.com/a.jpg'],
    ['b.com', 'https://b.com.evil.test/a.jpg'],
    ['b.com', 'https://evilb.com/a.jpg'],
    ['b.com', 'https://b.com:8443/a.jpg'],
    ['b.com', 'http://b.com:443/a.jpg'],
    ['b.com', 'https://b.com./a.jpg'],
    ['b.com', 'https://b.com@evil.test/a.jpg'],
    ['b.com', 'https://evil.test/https://b.com/a.jpg'],
    ['b.com', 'https://evil.test\\@b.com/a.jpg'],
    ['b.com', 'https://evil.test?b.com'],
    ['b.com', 'https://evil.test#b.com'],
    ['https://b.com', 'http://b.com/a.jpg'],
    ['*.b.com', 'https://evilb.com/a.jpg'],
    ['*.b.com', 'https://b.com.evil.test/a.jpg'],
    ['b.com:8443', 'https://b.com/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos'],
    ['b.com/photos/', 'https://b.com/other/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos/../other/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos/%2e%2e/other/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos/..%2fother/a.jpg'],
    ['b.com/photos/', 'https://b.com/photos/..%5Cother/a.jpg'],
    ['b.com/photos/', 'https://b.com//photos/a.jpg'],
    ['*', 'https://anything.test:8443/a.jpg'],
  ])('%s does not allow %s', (entry, url) => {
    expect(allows(entry, url)).toBe(false)
  })
})

test.each([
  '',
  '*.',
  '**.b.com',
  'a.*.com',
  'b.com:0',
  'b.com:99999',
  'b.com:x',
  'ftp://b.com',
  'user@b.com',
  'b.com?x=1',
  'b.com#x',
  'b c.com',
  '[::1',
  'b.com\\x',
  '*/photos/',
])('%j is no entry', (entry) => {
  expect(parseAllowedSource(entry)).toBeUndefined()
})
