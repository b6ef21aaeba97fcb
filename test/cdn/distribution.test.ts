import { describe, expect, test } from 'vitest'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import {
  EDGE_CACHE_POLICIES,
  EDGE_ERROR_TTL_S,
  EDGE_HINT_HEADERS,
  EDGE_ORIGIN,
  edgeBehaviours,
  GATEWAY_KEEP_ALIVE_S,
} from '../../src/cdn/distribution.ts'
import { HINT_HEADERS } from '../../src/cloudflare-delivery/hints.ts'
import { parseConfig } from '../../src/config.ts'
import { createEdge } from '../support/edge/create-edge.ts'
import { distribution } from '../support/edge/distribution.ts'
import { pathPattern } from '../support/edge/key.ts'

const ALL_USED = edgeBehaviours({ signing: true, accountHash: 'hash', mount: '/images' })

/** The behaviour that takes a path. */
const takerOf = (path: string) => ALL_USED.find(({ pattern }) => pathPattern(pattern).test(path))

describe('requirements: CDN – the figures of the distribution', () => {
  test('what says nothing about caching is not kept, and nothing that must not be', () => {
    for (const { minTtlS, defaultTtlS } of Object.values(EDGE_CACHE_POLICIES)) {
      expect({ minTtlS, defaultTtlS }).toEqual({ minTtlS: 0, defaultTtlS: 0 })
    }
  })

  test('the edge may keep as long as the longest class says', () => {
    const longest = Math.max(
      ...Object.values(CACHE_CONTROL).flatMap((value) =>
        [...value.matchAll(/max-?age=(\d+)/g)].map(([, seconds]) => Number(seconds)),
      ),
    )
    for (const { maxTtlS } of Object.values(EDGE_CACHE_POLICIES)) expect(maxTtlS).toBe(longest)
  })

  test('every error that the edge keeps on its own account is gone within ten seconds', () => {
    const always = [404, 414, 500, 501, 502, 503, 504]
    expect(always.map((status) => EDGE_ERROR_TTL_S[status] ?? 10).filter((seconds) => seconds >= 10)).toEqual(
      [],
    )
  })

  test('the edge waits longer than the gateway takes, and closes idle connections before it', () => {
    const { HALFTONE_REQUEST_TIMEOUT_MS } = parseConfig({})
    expect(EDGE_ORIGIN.readTimeoutS * 1000).toBeGreaterThan(HALFTONE_REQUEST_TIMEOUT_MS)
    expect(EDGE_ORIGIN.completionTimeoutS).toBeGreaterThan(EDGE_ORIGIN.readTimeoutS)
    expect(EDGE_ORIGIN.keepAliveS).toBeLessThan(GATEWAY_KEEP_ALIVE_S)
  })

  test('only behaviours that keep nothing take anything but reading', () => {
    const writing = ALL_USED.filter(({ methods }) => methods !== 'read')
    expect(writing.map(({ pattern }) => pattern)).toEqual(['/client/v4/*', '/batch/*', '/upload/*', '*'])
    for (const { cache, forwards } of writing) expect([cache, forwards]).toEqual(['disabled', 'viewer'])
    expect(ALL_USED.at(-1)?.pattern).toBe('*')
  })

  test('there is nothing for what is not used', () => {
    const patterns = edgeBehaviours({}).map(({ pattern }) => pattern)
    expect(patterns).toHaveLength(ALL_USED.length - 7)
    expect(patterns[0]).toBe('/cdn-cgi/image/*')
    expect(patterns.at(-1)).toBe('*')
  })

  test('what is signed for is kept by nobody, `auto` there too', async () => {
    const headers = { 'cache-control': CACHE_CONTROL.A, 'content-length': '1' }
    const gateway = async () => ({ status: 200, headers, body: Buffer.from('x') })
    const edge = createEdge(distribution({ clock: Date.now, gateway }))
    const view = async (target: string) => edge.view('FRA56-P1', { method: 'GET', target, headers: {} })
    for (const tree of ['/private', ''])
      for (const name of ['320.auto', '320.webp', '@abcdefghijklmno/320.webp'])
        for (let times = 0; times < 2; times += 1) await view(`${tree}/img/items/42/${name}`)
    expect(edge.asked('gateway')).toBe(3 * 2 + 3)
    expect(edge.held().filter(({ path }) => path.startsWith('/private'))).toEqual([])
  })

  test.each([
    ['/img/items/42/320.auto', 'negotiated', false],
    ['/simg/signature/items/42/320.auto', 'negotiated', false],
    ['/img/items/42/320.webp', 'images', false],
    ['/img/items/42/@abcdefghijklmno/320.webp', 'images', true],
    ['/img/items/42/drawing.svg', 'drawings', false],
    ['/img/items/42/@abcdefghijklmno/drawing.svg', 'drawings', true],
    ['/simg/signature/items/42/drawing.svg', 'drawings', false],
    ['/simg/signature/items/42/320.webp', 'images', false],
    ['/private/items/42/@abcdefghijklmno/320.auto', 'disabled', false],
    ['/cdn-cgi/image/w=80/items/42', 'cloudflare', false],
    ['/cdn-cgi/image/w=80/img/items/42/@abcdefghijklmno/320.webp', 'cloudflare', false],
    ['/cdn-cgi/image/w=80/photos/x.auto', 'cloudflare', false],
    ['/cdn-cgi/image/w=80/photos/drawing.svg', 'cloudflare', false],
    ['/images/w=80/private/x.auto', 'cloudflare', false],
    ['/cdn-cgi/imagedelivery/hash/cat/public', 'hosted', false],
    ['/hash/img/a/@abcdefghijklmno/x.auto', 'hosted', false],
    ['/client/v4/accounts/a/images/v1/x.auto', 'disabled', false],
    ['/batch/images/v1/x.auto', 'disabled', false],
    ['/upload/x.auto', 'disabled', false],
    ['/api/v1/items/42', 'disabled', false],
  ] as const)(
    '%s is kept by the policy for it, and asked of the bucket only where that may have it',
    (path, cache, bucketFirst) => {
      expect(takerOf(path)).toMatchObject({ cache, bucketFirst })
    },
  )

  test('the edge says what is accepted wherever that is in a key, and nowhere else', () => {
    for (const { cache, negotiates } of ALL_USED) {
      const headers: readonly string[] = cache === 'disabled' ? [] : EDGE_CACHE_POLICIES[cache].headers
      expect(headers.includes('x-img-accept')).toBe(negotiates)
    }
  })

  test('every hint that options may look at reaches the gateway, and is in no key', () => {
    expect(HINT_HEADERS.toLowerCase().split(', ').toSorted()).toEqual(EDGE_HINT_HEADERS.toSorted())
    const hinted = ALL_USED.filter(({ forwards }) => forwards === 'hints')
    expect(new Set(hinted.map(({ cache }) => cache))).toEqual(new Set(['cloudflare', 'hosted']))
    const keyed: readonly string[] = Object.values(EDGE_CACHE_POLICIES).flatMap(({ headers }) => headers)
    for (const name of EDGE_HINT_HEADERS) expect(keyed).not.toContain(name)
  })
})
