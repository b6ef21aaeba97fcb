import { expect, test } from 'vitest'
import { isNotModified, isRangeApplicable, parseRange } from '../../src/http/conditional.ts'
import { createReadWish } from '../../src/http/negotiation.ts'
import { readCoding } from '../../src/coding/coding.ts'
import { parseAccessCookie } from '../../src/identity/access-links.ts'
import { parseSegments } from '../../src/urls/target.ts'

const validators = { etag: '"a"', lastModified: new Date(0) }
const readWish = createReadWish([])

/** What reads text of strangers, and what that may be made of. */
const READERS: readonly (readonly [what: string, piece: string, read: (text: string) => unknown])[] = [
  ['Accept', 'image/avif;q=0.1,', (accept) => readWish(new Headers({ accept }))],
  ['Accept of quotation marks', 'a;b="c,', (accept) => readWish(new Headers({ accept }))],
  ['Accept of semicolons', ';', (accept) => readWish(new Headers({ accept }))],
  ['If-None-Match', 'W/"a b",', (ifNoneMatch) => isNotModified({ ifNoneMatch }, validators)],
  ['If-None-Match of quotation marks', '"', (ifNoneMatch) => isNotModified({ ifNoneMatch }, validators)],
  ['If-None-Match that never ends', 'W/"', (ifNoneMatch) => isNotModified({ ifNoneMatch }, validators)],
  ['If-Modified-Since', '1 ', (ifModifiedSince) => isNotModified({ ifModifiedSince }, validators)],
  ['If-Range', '"a"', (ifRange) => isRangeApplicable(ifRange, validators)],
  ['Range', '0-1,', (ranges) => parseRange(`bytes=${ranges}`, 100)],
  ['Range of digits', '9', (digits) => parseRange(`bytes=${digits}-${digits}`, 100)],
  ['Range of spaces', ' ', (spaces) => parseRange(`bytes=${spaces}x`, 100)],
  ['Accept-Encoding', 'gzip;q=0,', (codings) => readCoding(codings)],
  ['an access cookie', 'a.', (cookie) => parseAccessCookie(cookie)],
  ['a target', 'a/', (path) => parseSegments(`/${path}a`)],
  ['a target of escapes', '%41', (path) => parseSegments(`/${path}`)],
]

/** The server takes heads of 16 KB. */
const LENGTH = 4_000
const FACTOR = 16

/** The least of several times, in milliseconds. */
function leastMs(work: () => unknown): number {
  const times = Array.from({ length: 15 }, () => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return Math.min(...times)
}

test.each(READERS)('the time for %s grows with its length, not with the square', (_, piece, read) => {
  const short = piece.repeat(LENGTH / piece.length)
  const long = short.repeat(FACTOR)
  read(short)
  // What takes less than the clock can tell is no matter.
  const ratio =
    leastMs(() => read(long)) /
    Math.max(
      leastMs(() => read(short)),
      0.02,
    )
  expect(ratio).toBeLessThan((FACTOR * FACTOR) / 2)
})
