import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DEFAULT_PRICES, monthlyCost, priceTable } from '../../src/media/prices.ts'
import { measureLibrary } from '../../src/media/statistics.ts'
import { listed, listingOf } from './listing.ts'

const GB = 2 ** 30

describe('requirements: Files, Storage – statistics', () => {
  test.each([
    ['itemPhotos', 'items/42/photos/p1/original-1a2b.jpg'],
    ['itemPhotos', 'items/42/photos/p1/original.jpg'],
    ['profilePhotos', 'profiles/u7/photo/p1/original-1a2b.png'],
    ['foreignSizes', 'items/42/photos/p1/large.jpg'],
    ['foreignSizes', 'profiles/u7/photo/p1/thumbnail.jpg'],
    ['records', 'items/42/album.json'],
    ['records', 'profiles/u7/profile.json'],
    ['records', 'verification/u7/passport/1a2b.json'],
    ['documents', 'verification/u7/passport/1a2b/scan.pdf'],
    ['publicVariants', 'img/items/42/photos/p1/@0123456789abcde/800.webp'],
    ['privateVariants', 'private/items/42/photos/p1/@0123456789abcde/800.webp'],
    ['temp', 'temp/uploads/1/cat.jpg'],
    ['system', 'system/journal.json'],
    ['other', 'items/42/notes.txt'],
    ['other', 'photos/cat.jpg'],
    ['other', 'itemsx/42/album.json'],
    ['other', 'cat.jpg'],
  ])('counts as %s: %s', async (kind, key) => {
    const { kinds, objects, bytes } = await measureLibrary(listingOf({ [key]: 7 }))
    expect(Object.entries(kinds).filter(([, amount]) => amount.objects > 0)).toEqual([
      [kind, { objects: 1, bytes: 7 }],
    ])
    expect({ objects, bytes }).toEqual({ objects: 1, bytes: 7 })
  })

  test('counts items, photos and profiles, and items that nobody has adopted', async () => {
    const found = await measureLibrary(
      listingOf({
        'img/items/1/photos/p1/@0123456789abcde/800.webp': 1000,
        'items/1/album.json': 1,
        'items/1/photos/p1/original-a.jpg': 10,
        // Just replaced, and not swept yet.
        'items/1/photos/p1/original-b.jpg': 10,
        'items/1/photos/p2/original-c.jpg': 10,
        'items/1-a/photos/p1/original.jpg': 5,
        'items/1-a/photos/p1/large.jpg': 2,
        'items/2/notes.txt': 99,
        'items/3/album.json': 1,
        'profiles/u/photo/p/original.jpg': 3,
        'profiles/v/profile.json': 3,
      }),
    )
    expect(found).toMatchObject({ items: 3, itemsWithoutAlbum: 1, photos: 3, profiles: 2 })
    expect(found.largestItems).toEqual([
      { itemId: '1', objects: 4, bytes: 31, photos: 2 },
      { itemId: '1-a', objects: 2, bytes: 7, photos: 1 },
      { itemId: '3', objects: 1, bytes: 1, photos: 0 },
    ])
  })

  test('is through with an empty bucket', async () => {
    expect(await measureLibrary(listingOf({}))).toMatchObject({ objects: 0, items: 0, largestItems: [] })
  })

  test('keeps the ten largest of 100,000 keys, and no key of them', async () => {
    async function* listing() {
      for (let item = 0; item < 50_000; item += 1) {
        const folder = `items/${String(item).padStart(6, '0')}`
        yield listed(`${folder}/album.json`)
        // The largest are spread over the whole: 7919 is prime.
        yield listed(`${folder}/photos/p1/original-a.jpg`, (item * 7919) % 50_000)
      }
    }
    const found = await measureLibrary(listing())
    expect(found).toMatchObject({ objects: 100_000, items: 50_000, photos: 50_000 })
    expect(found.largestItems.map(({ bytes }) => bytes)).toEqual(
      Array.from({ length: 10 }, (_, rank) => 50_000 - rank),
    )
  })
})

describe('monthlyCost', () => {
  test.each([
    [0, 0],
    [1, 0.023],
    [50 * 1024, 1177.6],
    [50 * 1024 + 100, 1179.8],
    [500 * 1024, 1177.6 + 450 * 1024 * 0.022],
    [600 * 1024, 1177.6 + 450 * 1024 * 0.022 + 100 * 1024 * 0.021],
  ])('%d GB by the default prices: %d USD', (gigabytes, expected) => {
    expect(monthlyCost(gigabytes * GB, DEFAULT_PRICES).total).toBeCloseTo(expected, 6)
  })

  test('adds the requests that the table counts', () => {
    const prices = priceTable.parse({
      name: 'other',
      currency: 'EUR',
      storage: [{ perGbMonth: 0.01 }],
      putsPerThousand: 0.005,
      getsPerThousand: 0.0004,
      putsPerMonth: 10_000,
      getsPerMonth: 1_000_000,
    })
    expect(monthlyCost(100 * GB, prices)).toEqual({
      storage: expect.closeTo(1),
      requests: expect.closeTo(0.45),
      total: expect.closeTo(1.45),
    })
  })
})

describe('priceTable', () => {
  const table = { name: 'other', currency: 'EUR', storage: [{ perGbMonth: 0.01 }] }

  test('takes the example of docs/library.md', () => {
    const examples = readFileSync('docs/library.md', 'utf8').matchAll(/^```json\n(.*?)^```/gms)
    const [, prices] = [...examples].map(([, text = '']): unknown => JSON.parse(text))
    expect(priceTable.parse(prices)).toMatchObject({ name: 'our store', getsPerMonth: 3_000_000 })
  })

  test('takes the default one', () => {
    expect(priceTable.parse(DEFAULT_PRICES)).toEqual(DEFAULT_PRICES)
  })

  test.each([
    ['no tier', { storage: [] }],
    ['a last tier that ends', { storage: [{ upToGb: 5, perGbMonth: 1 }] }],
    ['a tier behind the endless one', { storage: [{ perGbMonth: 1 }, { perGbMonth: 2 }] }],
    [
      'tiers that shrink',
      { storage: [{ upToGb: 5, perGbMonth: 1 }, { upToGb: 5, perGbMonth: 1 }, { perGbMonth: 1 }] },
    ],
    ['a negative price', { storage: [{ perGbMonth: -1 }] }],
    ['a name that it does not know', { egress: 1 }],
    ['a currency in words', { currency: 'Euro' }],
  ])('refuses %s', (_, change) => {
    expect(priceTable.safeParse({ ...table, ...change }).success).toBe(false)
  })
})
