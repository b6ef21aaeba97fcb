import { describe, expect, test } from 'vitest'
import { type CacheClass, cacheControl, type EdgePolicy } from '../../src/cdn/cache-policy.ts'
import { keep, type Keeping } from '../../src/hosted-delivery/kept-answers.ts'
import { sentClass, type Wish } from '../../src/http/negotiation.ts'
import { acceptanceOf } from '../../src/transform/negotiation.ts'
import type { Headline } from '../../src/variants/answer.ts'

const NOW = 1_800_000_000_500
const seconds = { media: 2_592_000, document: 604_800 }
const BY_TAGS: EdgePolicy = { purges: 'tags', hearsBucket: false, seconds }
const BY_PATHS: EdgePolicy = { ...BY_TAGS, purges: 'paths' }
const valid = (endsInMs: number) => ({ verdict: 'valid', expiresAt: new Date(NOW + endsInMs) }) as const

const DAYS = { browserTtlS: 172_800, edge: BY_TAGS, right: { verdict: 'missing' } } as const

function headersOf(
  cacheClass: CacheClass,
  edgeSeconds: number | undefined,
  more: Partial<Keeping>,
  wish?: Wish,
) {
  const headline: Headline = {
    etag: '"e"',
    lastModified: new Date(0),
    tags: cacheClass === 'D' ? '' : 'item:i',
    cacheClass,
    edgeSeconds,
  }
  const kept = keep(headline, { shown: COVER, variant: 'thumb', now: () => NOW, ...DAYS, ...more })
  return [cacheControl({ ...kept, cacheClass: sentClass(kept.cacheClass, wish) }), kept.tags]
}

const COVER = { shape: 'item-cover', path: 'items/i', itemId: 'i' } as const
const PHOTO = { shape: 'item-photo', path: 'items/i/photos/p', itemId: 'i', photoId: 'p' } as const

const month = 2_592_000
const TAGS = 'item:i,variant:thumb'

describe('an answer about a hosted image', () => {
  test.each<[string, Parameters<typeof headersOf>, string, string]>([
    [
      'public, where the edge is told by tags',
      ['B', month, {}],
      'public, max-age=172800, s-maxage=2592000, stale-while-revalidate=7200, stale-if-error=86400',
      TAGS,
    ],
    [
      'public, where the edge is told by paths, which are others',
      ['B', month, { edge: BY_PATHS }],
      'public, max-age=172800, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400',
      TAGS,
    ],
    [
      'public, where the edge is not told',
      ["B'", 3_600, { browserTtlS: 31_536_000, variant: undefined }],
      'public, max-age=31536000, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400',
      'item:i',
    ],
    ['public, while the bucket is away', ['O', undefined, {}], 'public, max-age=5, stale-if-error=0', TAGS],
    ['private', ['D', undefined, { right: valid(60_500) }], 'private, max-age=60, stale-if-error=0', ''],
    [
      'private, for a day',
      ['D', undefined, { right: valid(86_400_000) }],
      'private, max-age=3600, stale-if-error=0',
      '',
    ],
    [
      'private, for good',
      ['D', undefined, { right: { verdict: 'valid' } }],
      'private, max-age=3600, stale-if-error=0',
      '',
    ],
    [
      'private, over just now',
      ['D', undefined, { right: valid(-1) }],
      'private, max-age=0, stale-if-error=0',
      '',
    ],
    [
      'private, in a variant that is always public',
      ['D', undefined, { right: 'anybody', browserTtlS: 31_536_000 }],
      'public, max-age=3600, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400',
      TAGS,
    ],
    [
      'private, in a variant that is always public, of a photo that may be replaced by itself',
      ['D', undefined, { right: 'anybody', shown: PHOTO }],
      'public, max-age=3600, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400',
      'item:i,photo:i%2Fp,variant:thumb',
    ],
  ])('%s', (_, given, expected, tags) => {
    expect(headersOf(...given)).toEqual([expected, tags])
  })

  test('that was negotiated by Accept is kept by browsers alone', () => {
    const wish = { acceptance: acceptanceOf([]), keyed: false }
    expect(headersOf('B', month, {}, wish)).toEqual(['private, max-age=172800, stale-if-error=0', TAGS])
    expect(headersOf('D', undefined, { right: 'anybody' }, wish)).toEqual([
      'private, max-age=3600, stale-if-error=0',
      TAGS,
    ])
    expect(headersOf('D', undefined, { right: valid(60_000) }, wish)[0]).toBe(
      'private, max-age=60, stale-if-error=0',
    )
  })
})
