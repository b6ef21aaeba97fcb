import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHECKSUM_NAMES, createChecksum } from '../../../origin/body/checksum-algorithms.ts'
import { combineChecksums, isCombinable } from '../../../origin/body/combine-crc.ts'
import { compareUtf8 } from '../../../origin/store/compare-utf8.ts'
import { pageOfUploads, type UploadsRequest } from '../../../origin/uploads/list-uploads.ts'
import type { Upload } from '../../../origin/uploads/upload-record.ts'
import { startTestOrigin } from '../start-test-origin.ts'
import { begin, complete, get, multipartEtag, sendParts } from './upload-steps.ts'

test('whatever the sizes of the parts, every range of the object is that of their bytes', {
  timeout: 120_000,
}, async () => {
  const { url } = await startTestOrigin({ minPartBytes: 0 })
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 1, 1_100_000)), {
    minLength: 1,
    maxLength: 6,
  })
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.tuple(place, place), { maxLength: 4 }), async (sizes, places) => {
      const bodies = sizes.map((size, index) => pseudoRandom(size, `${index}`))
      const whole = Buffer.concat(bodies)
      const upload = await begin(url, 'a')
      const done = await complete(upload, await sendParts(upload, bodies))
      expect(done.status).toBe(200)
      const got = await get(url, 'a')
      expect(got.headers.etag).toBe(multipartEtag(bodies))
      expect(got.body.equals(whole)).toBe(true)
      for (const [from, to] of whole.length > 0 ? places : []) {
        const first = Math.floor(from * (whole.length - 1))
        const last = first + Math.floor(to * (whole.length - 1 - first))
        const part = await get(url, 'a', { range: `bytes=${first}-${last}` })
        expect(part.headers['content-range']).toBe(`bytes ${first}-${last}/${whole.length}`)
        expect(part.body.equals(whole.subarray(first, last + 1))).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})

test.each(CHECKSUM_NAMES.filter(isCombinable))('%s of a whole follows from that of its parts', (name) => {
  const checksum = (...pieces: readonly Uint8Array[]): string => {
    const digest = createChecksum(name)
    for (const piece of pieces) digest.update(piece)
    return digest.digest().toString('base64')
  }
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (pieces) => {
      const parts = pieces.map((piece) => ({ bytes: piece.length, value: checksum(piece) }))
      expect(combineChecksums(name, parts)).toBe(checksum(...pieces))
    }),
  )
})

test('a checksum that cannot be combined is not', () => {
  expect(() => combineChecksums('sha256', [])).toThrow(TypeError)
})

test('pages of uploads, one after the other, are the whole listing: in order, nothing twice, nothing lost', () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', 'é', '\uffee', '\u{1f600}'),
    minLength: 1,
    maxLength: 4,
  })
  const request = fc.record({ prefix: fc.constantFrom('', 'a', 'a/'), delimiter: fc.constantFrom('', '/') })
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 20 }),
      request,
      fc.integer({ min: 1, max: 5 }),
      (keys, request, limit) => {
        const all = keys.map(
          (key, index): Upload => ({
            id: String(index).padStart(4, '0'),
            bucket: 'b',
            key,
            initiatedAt: 0,
            headers: [],
            parts: new Map(),
          }),
        )
        expect(collect(all, { ...request, limit })).toEqual(expected(all, request))
      },
    ),
  )
})

type Asked = Pick<UploadsRequest, 'prefix' | 'delimiter'>

function collect(all: readonly Upload[], asked: Asked & { limit: number }): string[] {
  const seen: string[] = []
  let [keyMarker, idMarker] = ['', '']
  for (;;) {
    const { uploads, prefixes, next } = pageOfUploads(all, { ...asked, keyMarker, idMarker })
    expect(uploads.length + prefixes.length).toBeLessThanOrEqual(asked.limit)
    const page = [
      ...uploads.map(({ key, id }) => [key, `${key} ${id}`]),
      ...prefixes.map((group) => [group, group]),
    ]
    seen.push(
      ...page.toSorted(([one = ''], [other = '']) => compareUtf8(one, other)).map(([, name = '']) => name),
    )
    if (next === undefined) return seen
    keyMarker = next.key
    idMarker = next.id
  }
}

function expected(all: readonly Upload[], { prefix, delimiter }: Asked): string[] {
  const sorted = all
    .filter(({ key }) => key.startsWith(prefix))
    .toSorted(
      (one, other) =>
        Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)) || (one.id < other.id ? -1 : 1),
    )
  const names = sorted.map(({ key, id }) => {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    return end === -1 ? `${key} ${id}` : key.slice(0, end + delimiter.length)
  })
  return [...new Set(names)]
}

/** Bytes that differ everywhere, and are the same in every run. */
function pseudoRandom(length: number, seed: string): Buffer {
  const block = createHash('sha512').update(seed).digest()
  return Buffer.alloc(length, block)
}
