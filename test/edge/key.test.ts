import { describe, expect, test } from 'vitest'
import type { EdgeBehavior } from '../support/edge/edge.ts'
import { writeEdgeAccept } from '../support/edge/distribution.ts'
import { createStage, says } from './twin.ts'

/** Whether a second request finds what the first one brought. */
async function shares(
  behavior: Partial<EdgeBehavior>,
  first: [target: string, headers?: Record<string, string>],
  second: [target: string, headers?: Record<string, string>],
): Promise<boolean> {
  const stage = createStage({ behavior })
  stage.origin = () => says({ 'cache-control': 'max-age=60', vary: 'Accept, Origin' })
  await stage.get(...first)
  return (await stage.result(...second)) === 'Hit'
}

/** The one request that the origin got for a viewer's. */
async function reaching(
  behavior: Partial<EdgeBehavior>,
  target: string,
  headers: Record<string, string> = {},
) {
  const stage = createStage({ behavior })
  await stage.get(target, headers)
  return stage.requests[0]
}

describe('§1.4 the key', () => {
  const none = {}
  const width = { keyQueries: ['w'] }
  const accept = { keyHeaders: ['x-img-accept'] }

  test.each([
    [none, '/a', '/a', true],
    [none, '/a', '/b', false],
    [none, '/a', '/A', false],
    [none, '/a', '/a/', false],
    [none, '/a%20b', '/a b', false],
    [none, '/a?w=1', '/a?w=2', true],
    [width, '/a?w=1', '/a?w=2', false],
    [width, '/a?w=1&x=1', '/a?w=1&x=2', true],
    [{ keyQueries: 'all' }, '/a?w=1&x=1', '/a?w=1&x=2', false],
  ] as const)('%j: %s and %s share: %s', async (behavior, first, second, isShared) => {
    expect(await shares(behavior, [first], [second])).toBe(isShared)
  })

  test.each([
    [none, 'avif', 'jpeg', true],
    [accept, 'avif', 'jpeg', false],
    [accept, 'avif', 'AVIF', false],
    [accept, 'avif', 'avif', true],
  ])('%j: a header of %s and of %s share: %s', async (behavior, first, second, isShared) => {
    const asking = (value: string): [string, Record<string, string>] => [
      '/a',
      { 'x-img-accept': value, accept: value },
    ]
    expect(await shares(behavior, asking(first), asking(second))).toBe(isShared)
  })

  test('the function at viewer requests decides before the key does', async () => {
    const behavior = { ...accept, viewerRequest: writeEdgeAccept }
    const chrome = { accept: 'image/avif,image/webp,*/*;q=0.8' }
    expect(await shares(behavior, ['/a', chrome], ['/a', { accept: 'image/avif' }])).toBe(true)
    expect(await shares(behavior, ['/a', chrome], ['/a', { accept: 'image/avif;q=0,image/webp' }])).toBe(
      false,
    )
  })

  test('[unverified] §1.10 the parameters of a signature are in no key, where they are removed', async () => {
    const behavior = { keyQueries: 'all', signed: true } as const
    const queries = ['/a?w=1&Expires=1&Signature=s', '/a?w=1&Expires=2&Signature=t&Key-Pair-Id=K'] as const
    const results = []
    for (const signatureRemoved of [true, false]) {
      const stage = createStage({ behavior, rules: { signatureRemoved } })
      stage.origin = () => says({ 'cache-control': 'max-age=60' })
      await stage.get(queries[0])
      results.push([await stage.result(queries[1]), stage.requests[0]?.target])
    }
    expect(results).toEqual([
      ['Hit', '/a?w=1'],
      ['Miss', queries[0]],
    ])
  })

  test('the first behaviour that fits is taken', async () => {
    const stage = createStage({
      behaviors: [
        { pattern: '*.auto', origin: 'gateway', ttls: { minS: 0, defaultS: 60, maxS: 60 } },
        { pattern: '/img/*', origin: 'gateway', ttls: { minS: 0, defaultS: 0, maxS: 0 } },
      ],
    })
    await stage.get('/img/a/1.auto?x')
    await stage.get('/img/a/1.webp?x.auto')
    expect(await stage.result('/img/a/1.auto')).toBe('Hit')
    expect(await stage.result('/img/a/1.webp')).toBe('Miss')
    await expect(stage.get('/IMG/a')).rejects.toThrow('No behaviour')
  })
})

describe('§1.4 what viewers see of Vary', () => {
  test.each([
    [{}, 'Accept, Accept-Encoding, Cookie', 'Accept-Encoding, Cookie'],
    [{ keyHeaders: ['accept'] }, 'Accept, Origin', 'Accept'],
    [{ forwardHeaders: ['origin'] }, 'Accept, Origin', 'Origin'],
    [{}, 'Accept', undefined],
  ])('%j of %s: %s', async (behavior, vary, seen) => {
    const stage = createStage({ behavior })
    stage.origin = () => says({ vary })
    expect((await stage.get('/a')).headers['vary']).toBe(seen)
  })
})

describe('§1.4 what reaches the origin', () => {
  test('path and headers as the viewer sent them, but those that are withheld or replaced', async () => {
    const request = await reaching({}, '/img//%2e%2e/a?w=1', {
      accept: 'image/avif',
      'accept-encoding': 'br',
      authorization: 'Bearer x',
      cookie: 'a=b',
      'cloudfront-viewer-address': '203.0.113.9:1',
      'if-none-match': '"a"',
      'user-agent': 'Firefox',
      'x-forwarded-for': '203.0.113.7',
      'x-own': 'kept',
      'x-real-ip': '203.0.113.8',
    })
    expect(request).toEqual({
      method: 'GET',
      target: '/img//%2e%2e/a',
      headers: {
        'user-agent': 'Amazon CloudFront',
        via: '1.1 edge.test (CloudFront)',
        'x-forwarded-for': '203.0.113.7, 198.51.100.1',
        'x-own': 'kept',
      },
    })
  })

  test('what the policies name', async () => {
    const behavior = {
      keyHeaders: ['accept'],
      forwardHeaders: ['authorization', 'cloudfront-viewer-address'],
      forwardQueries: true,
    }
    const request = await reaching(behavior, '/a?w=1', { accept: 'image/avif', authorization: 'Bearer x' })
    expect(request?.target).toBe('/a?w=1')
    expect(request?.headers).toMatchObject({
      accept: 'image/avif',
      authorization: 'Bearer x',
      'cloudfront-viewer-address': '198.51.100.1:40000',
    })
  })

  test('conditions and ranges, where nothing is kept', async () => {
    const ttls = { minS: 0, defaultS: 0, maxS: 0 }
    const headers = { 'if-none-match': '"a"', range: 'bytes=0-3' }
    expect((await reaching({ ttls }, '/a', headers))?.headers).toMatchObject(headers)
  })

  test("§1.7 the origin's own headers overwrite the viewer's", async () => {
    const seen: unknown[] = []
    const fetch = async ({ headers }: { headers: Readonly<Record<string, string>> }) => {
      seen.push(headers['x-origin-verify'])
      return says()
    }
    const stage = createStage({ origins: { gateway: { fetch, customHeaders: { 'x-origin-verify': 's' } } } })
    await stage.get('/a', { 'x-origin-verify': 'guess' })
    expect(seen).toEqual(['s'])
  })

  test('a URL of more than 8,192 bytes does not', async () => {
    const stage = createStage()
    expect((await stage.get(`/${'a'.repeat(8192)}`)).status).toBe(414)
    expect(stage.requests).toEqual([])
  })
})

describe('§2.2 headers that are removed towards viewers', () => {
  test('tags are read nevertheless', async () => {
    const stage = createStage({ behavior: { removeHeaders: ['x-amz-meta-cache-tag'] } })
    stage.origin = () => says({ 'x-amz-meta-cache-tag': 'a', 'cache-control': 'max-age=60' })
    expect((await stage.get('/a')).headers['x-amz-meta-cache-tag']).toBeUndefined()
    stage.edge.invalidate(['#a'])
    expect(await stage.result('/a')).toBe('Miss')
  })

  test.each([
    [true, undefined],
    [false, '0'],
  ])('[unverified] §1.1 Age, where it is removable: %s', async (ageRemovable, age) => {
    const stage = createStage({ behavior: { removeHeaders: ['age'] }, rules: { ageRemovable } })
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    await stage.get('/a')
    expect((await stage.get('/a')).headers['age']).toBe(age)
  })
})
