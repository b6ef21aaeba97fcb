import { describe, expect, test } from 'vitest'
import {
  CACHE_CONTROL,
  type CacheClass,
  cacheControl,
  type EdgePolicy,
  keeping,
  KIND_POLICIES,
  unkeyedClass,
} from '../../src/cdn/cache-policy.ts'
import { parseConfig } from '../../src/config.ts'
import { cacheTags } from '../../src/cdn/cache-tags.ts'
import type { SourcePath } from '../../src/urls/image-request.ts'

describe('cache classes', () => {
  test('nothing but pictures and redirects is kept for longer than an hour at the edge', () => {
    const kept = { ...CACHE_CONTROL, A: '', B: '', "B'": '', C: '', L: '' }
    for (const [name, value] of Object.entries(kept)) {
      const ages = [...value.matchAll(/(?:s-maxage|max-age)=(\d+)/g)].map(([, seconds]) => Number(seconds))
      expect(Math.max(0, ...ages), name).toBeLessThanOrEqual(3600)
    }
  })

  test('what depended on a header that the edge does not key on is kept by nobody but the client', () => {
    const dependent = ['A', 'B', "B'", 'O', 'M', 'M10'] as const
    for (const name of dependent) expect(CACHE_CONTROL[unkeyedClass(name)], name).toMatch(/^private, /)
    expect(CACHE_CONTROL[unkeyedClass('verdict')]).toBe('no-store')
    const others: readonly CacheClass[] = ['E', 'F', 'G', 'J', 'K', 'L']
    for (const name of others) expect(unkeyedClass(name)).toBe(name)
  })

  test('what is private or failed is never stored', () => {
    for (const name of ['D', 'G', 'H', 'J', 'K', 'P'] as const)
      expect(CACHE_CONTROL[name]).toContain('no-store')
  })
})

const seconds = { media: 2_592_000, document: 604_800 }

describe('requirements: CDN – policies by kind, and per file', () => {
  test('images and video 30 days, documents 7 days, verification and temporary files never', () => {
    const days = Object.entries(KIND_POLICIES).map(([kind, { edgeSeconds }]) => [kind, edgeSeconds / 86_400])
    expect(days).toEqual([
      ['media', 30],
      ['document', 7],
      ['verification', 0],
      ['temporary', 0],
    ])
    for (const kind of ['verification', 'temporary'] as const)
      expect(CACHE_CONTROL[KIND_POLICIES[kind].cacheClass]).toContain('no-store')
    const { HALFTONE_EDGE_TTL_MEDIA_S: media, HALFTONE_EDGE_TTL_DOCUMENTS_S: document } = parseConfig({})
    expect({ media, document }).toEqual(seconds)
  })

  const TAGS = { purges: 'tags', hearsBucket: false } as const
  test.each<
    [kind: 'media' | 'document', managed: boolean, told: Omit<EdgePolicy, 'seconds'>, expected: string]
  >([
    ['media', true, TAGS, 'B 2592000'],
    ['media', true, { ...TAGS, purges: 'paths' }, 'B 2592000'],
    ['media', false, { ...TAGS, hearsBucket: true }, 'B 2592000'],
    ['media', false, TAGS, "B' 3600"],
    ['media', true, { purges: false, hearsBucket: true }, "B' 3600"],
    ['document', true, TAGS, 'C 604800'],
    ['document', true, { ...TAGS, purges: 'paths' }, 'C 86400'],
    ['document', false, TAGS, 'C 86400'],
    ['document', true, { ...TAGS, purges: false }, 'C 86400'],
  ])('%s, managed: %s, %j: %s', (kind, managed, told, expected) => {
    const { cacheClass, edgeSeconds } = keeping(kind, { managed }, { ...told, seconds })
    expect(`${cacheClass} ${edgeSeconds}`).toBe(expected)
  })

  test('what lies on another server is never kept for long: no event of the bucket tells of it', () => {
    const policy = { purges: 'tags', hearsBucket: true, seconds } as const
    const classOf = (shape: 'key' | 'remote') => keeping('media', { managed: false, at: { shape } }, policy)
    expect(classOf('key').cacheClass).toBe('B')
    expect(classOf('remote')).toEqual({ cacheClass: "B'", edgeSeconds: 3600 })
  })

  test('what an owner asks for comes before the kind, but never beyond what an edge that is not told may keep', () => {
    const told = { purges: 'tags', hearsBucket: false, seconds } as const
    const keptFor = (edgeSeconds: number, policy: EdgePolicy) =>
      keeping('media', { managed: true, edgeSeconds }, policy).edgeSeconds
    expect([60, 31_536_000].map((wanted) => keptFor(wanted, told))).toEqual([60, 31_536_000])
    expect([60, 31_536_000].map((wanted) => keptFor(wanted, { ...told, purges: false }))).toEqual([60, 3600])
  })

  test.each([
    ['B', 2_592_000, CACHE_CONTROL.B],
    ["B'", 3_600, CACHE_CONTROL["B'"]],
    ['C', 86_400, CACHE_CONTROL.C],
    ['B', 600, 'public, max-age=300, s-maxage=600, stale-while-revalidate=60, stale-if-error=86400'],
    ['B', 10, 'public, max-age=10, s-maxage=10, stale-while-revalidate=10, stale-if-error=86400'],
    ["B'", 0, 'public, max-age=0, s-maxage=0, stale-while-revalidate=0, stale-if-error=86400'],
    ['C', 0, 'public, max-age=0, s-maxage=0, stale-if-error=86400'],
  ] as const)('class %s for %i seconds: %s', (cacheClass, edgeSeconds, expected) => {
    expect(cacheControl({ cacheClass, edgeSeconds })).toBe(expected)
  })

  test('no other class is made longer or shorter', () => {
    const others: readonly CacheClass[] = ['A', 'D', 'E', 'F', 'L', 'L60', 'M', 'O', 'verdict']
    for (const cacheClass of others)
      expect(cacheControl({ cacheClass, edgeSeconds: 7 })).toBe(CACHE_CONTROL[cacheClass])
  })
})

describe('cache tags', () => {
  test.each<[SourcePath, string]>([
    [{ shape: 'item-cover', path: 'items/42', itemId: '42' }, 'item:42'],
    [
      { shape: 'item-photo', path: 'items/42/photos/p1', itemId: '42', photoId: 'p1' },
      'item:42,photo:42%2Fp1',
    ],
    [{ shape: 'profile', path: 'profiles/ana', userId: 'ana' }, 'profile:ana'],
    [{ shape: 'key', path: 'photos/a b,c.jpg' }, 'key:photos%2Fa%20b%2Cc.jpg'],
  ])('of %j are %s', (path, expected) => {
    expect(cacheTags(path)).toBe(expected)
  })

  test('a tag is visible ASCII of at most 256 characters, and still tells sources apart', () => {
    const tags = ['ü'.repeat(200), `${'ü'.repeat(199)}ä`].map((path) => cacheTags({ shape: 'key', path }))
    for (const tag of tags) expect(tag).toMatch(/^[\x21-\x7e]{1,256}$/)
    expect(tags[0]).not.toBe(tags[1])
  })
})

test('what lies below an item, a photo or a user carries its tag', () => {
  const tags = (path: string) => cacheTags({ shape: 'key', path })
  expect(tags('items/42/photos/p1/original-x.jpg')).toMatch(/^item:42,photo:42%2Fp1,key:items%2F42/)
  expect(tags('items/42/photos/.p/original-x.jpg')).toMatch(/^item:42,key:items%2F42/)
  expect(tags('profiles/ana/photo/p1/original-x.jpg')).toMatch(/^profile:ana,key:profiles%2Fana/)
  expect(tags('items/42/large.jpg')).toMatch(/^item:42,key:items%2F42/)
  expect(tags('items/.hidden/a.jpg')).toMatch(/^key:/)
})
