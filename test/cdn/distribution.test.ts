import { describe, expect, test } from 'vitest'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import {
  EDGE_BEHAVIOURS,
  EDGE_CACHE_POLICIES,
  EDGE_ERROR_TTL_S,
  EDGE_ORIGIN,
  GATEWAY_KEEP_ALIVE_S,
} from '../../src/cdn/distribution.ts'
import { parseConfig } from '../../src/config.ts'
import { createEdge } from '../support/edge/create-edge.ts'
import { distribution } from '../support/edge/distribution.ts'

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

  test('only the behaviour that keeps nothing takes anything but reading', () => {
    const writing = EDGE_BEHAVIOURS.filter(({ methods }) => methods !== 'read')
    expect(writing.map(({ cache }) => cache)).toEqual(['disabled'])
    expect(EDGE_BEHAVIOURS.at(-1)?.pattern).toBe('*')
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

  test('`auto` has its own behaviour, in front of those that would take it as well', () => {
    const [first, ...others] = EDGE_BEHAVIOURS.filter(({ signed }) => !signed)
    expect(first).toMatchObject({ pattern: '*.auto', cache: 'negotiated', negotiates: true })
    expect(others.some(({ negotiates, cache }) => negotiates || cache === 'negotiated')).toBe(false)
  })
})
