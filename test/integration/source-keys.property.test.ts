import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'

const asked: string[] = []
let gateway: TestGateway

beforeAll(async () => {
  const bucket = createMemoryObjectStore()
  for (const key of [
    'verification/u/passport/f/a.jpg',
    'system/a.jpg',
    'private/a.jpg',
    'temp/a.jpg',
    'img/a.jpg',
  ]) {
    await bucket.put(key, await plainJpeg('#000000'), { contentType: 'image/jpeg' })
  }
  const store: ObjectStore = {
    ...bucket,
    head: (key, options) => (asked.push(key), bucket.head(key, options)),
    get: (key, options) => (asked.push(key), bucket.get(key, options)),
  }
  gateway = await createTestGateway({ store, environment: { HALFTONE_SOURCES: '*', HALFTONE_SIZES: 'any' } })
  asked.length = 0
})
afterAll(() => gateway.close())

const word = fc.constantFrom(
  // prefixes, plain and disguised
  'verification',
  'system',
  'private',
  'temp',
  'img',
  'VERIFICATION',
  '%76erification',
  'verification%2fu',
  'system;x',
  // what records and pictures are called
  'items',
  'profiles',
  'photos',
  'u',
  '42',
  'a.jpg',
  'album.json',
  'ALBUM.JSON',
  'journal.json',
  // what is no plain segment
  '..',
  '.',
  '',
  '%2e%2e',
  '%2E',
  '%2f',
  '%5c',
  '\\',
  '%00',
  '%ff',
  'ü',
  '%C3%BC',
  // versions
  '@abcdefghijklmno',
  '%40abcdefghijklmno',
)
const size = fc.constantFrom(
  '800.webp',
  'medium.jpg',
  'x10.png',
  '10x10.avif',
  'original.jpg',
  '8',
  '%38.webp',
  '',
)
const target = fc
  .tuple(
    fc.constantFrom('/img/', '/img//', '//img/', '/IMG/', '/simg/x/', '/img/../', 'http://host/img/'),
    fc.array(word, { maxLength: 6 }),
    size,
  )
  .map(([route, words, size]) => `${route}${[...words, size].join('/')}`)

/** Keys that an image route may ever ask a bucket for: sources, records of the two shapes, stored public variants. */
function isAllowed(key: string): boolean {
  const segments = key.split('/')
  if (segments.some((segment) => ['', '.', '..'].includes(segment))) return false
  if (/^(?:items\/[^/]+\/album|profiles\/[^/]+\/profile)\.json$/.test(key)) return true
  if (/^img\/.*\/@[\w-]{15}\/[\dx]*(?:original)?\.(?:avif|webp|jpg|png)$/.test(key)) return true
  return !/^(?:verification|system|private|temp|img)\//.test(key) && !/\.json$/i.test(key)
}

test('no target, in any spelling, makes an image route look at a key that it may not, or answer with one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        target,
        fc.string().map((text) => `/img/${text}`),
      ),
      async (target) => {
        asked.length = 0
        const { status } = await gateway.app.request('http://test/', {}, { incoming: { url: target } })
        expect(asked.filter((key) => !isAllowed(key))).toEqual([])
        expect(status).toBeLessThan(500)
        expect(status).not.toBe(200)
      },
    ),
    { numRuns: 1000 },
  )
})
