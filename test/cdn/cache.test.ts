import { describe, expect, test } from 'vitest'
import { CACHE_CONTROL, type CacheClass, unkeyedClass, unversionedClass } from '../../src/cdn/cache-policy.ts'
import { cacheTags } from '../../src/cdn/cache-tags.ts'
import type { SourcePath } from '../../src/urls/image-request.ts'

describe('cache classes', () => {
  test('only a managed source behind a distribution that is purged is kept for a month', () => {
    expect(unversionedClass(true, true)).toBe('B')
    expect(unversionedClass(true, false)).toBe("B'")
    expect(unversionedClass(false, true)).toBe("B'")
    expect(unversionedClass(false, false)).toBe("B'")
  })

  test('nothing but pictures and redirects is kept for longer than an hour at the edge', () => {
    const kept = { ...CACHE_CONTROL, A: '', B: '', "B'": '', C: '', L: '' }
    for (const [name, value] of Object.entries(kept)) {
      const ages = [...value.matchAll(/(?:s-maxage|max-age)=(\d+)/g)].map(([, seconds]) => Number(seconds))
      expect(Math.max(0, ...ages), name).toBeLessThanOrEqual(3600)
    }
  })

  test('what depended on a header that the edge does not key on is kept by nobody but the client', () => {
    const dependent = ['A', 'B', "B'", 'O', 'verdict', 'M', 'M10'] as const
    for (const name of dependent) expect(CACHE_CONTROL[unkeyedClass(name)], name).toMatch(/^private, /)
    const others: readonly CacheClass[] = ['E', 'F', 'G', 'J', 'K', 'L']
    for (const name of others) expect(unkeyedClass(name)).toBe(name)
  })

  test('what is private or failed is never stored', () => {
    for (const name of ['D', 'G', 'H', 'J', 'K', 'P'] as const)
      expect(CACHE_CONTROL[name]).toContain('no-store')
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
