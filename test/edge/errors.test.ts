import { describe, expect, test } from 'vitest'
import { createStage, says } from './twin.ts'

/** For how many seconds an error is not asked for again; 0 when it is passed on and not kept. */
async function errorKeptFor(
  status: number,
  cacheControl: string | undefined,
  errorTtlS: Record<number, number> = {},
  rules = {},
) {
  const stage = createStage({
    errorTtlS,
    rules,
    behavior: { ttls: { minS: 0, defaultS: 0, maxS: 600 } },
  })
  stage.origin = () => says(cacheControl === undefined ? {} : { 'cache-control': cacheControl }, { status })
  await stage.get('/a')
  let passed = 0
  for (const moment of [0, 1, 2, 5, 10, 60, 600]) {
    stage.pass(moment - passed)
    passed = moment
    expect((await stage.get('/a')).headers['x-cache']).toBe('Error from cloudfront')
    if (stage.requests.length > 1) return moment
  }
  return Number.POSITIVE_INFINITY
}

describe('§1.2 errors', () => {
  test.each([404, 414, 500, 501, 502, 503, 504])(
    '%i is kept whatever the origin says, ten seconds unless configured',
    async (status) => {
      expect(await errorKeptFor(status, undefined)).toBe(10)
      expect(await errorKeptFor(status, 'no-store')).toBe(10)
      expect(await errorKeptFor(status, 'no-store', { [status]: 1 })).toBe(1)
      expect(await errorKeptFor(status, 'no-store', { [status]: 0 })).toBe(0)
      expect(await errorKeptFor(status, 'max-age=5', { [status]: 1 })).toBe(5)
      expect(await errorKeptFor(status, 'max-age=1, s-maxage=60')).toBe(60)
      expect(await errorKeptFor(status, 'max-age=5')).toBe(10)
      expect(await errorKeptFor(status, 'max-age=86400')).toBe(600)
    },
  )

  test.each([400, 403, 405, 412, 415])('%i is kept only when it says for how long', async (status) => {
    expect(await errorKeptFor(status, undefined)).toBe(0)
    expect(await errorKeptFor(status, 'no-store')).toBe(0)
    expect(await errorKeptFor(status, 'max-age=60')).toBe(60)
    expect(await errorKeptFor(status, 'max-age=5, s-maxage=60')).toBe(60)
  })

  test.each([
    [false, 0],
    [true, 10],
  ])('[unverified] 415 with private and max-age, where that is kept: %s', async (forbiddenErrorsKept, s) => {
    expect(await errorKeptFor(415, 'private, max-age=10', {}, { forbiddenErrorsKept })).toBe(s)
  })

  test.each([401, 410, 413, 416, 422, 429])('%i is never kept', async (status) => {
    expect(await errorKeptFor(status, 'max-age=600')).toBe(0)
  })

  test('an invalidation removes it', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'x-amz-meta-cache-tag': 'item:42' }, { status: 404 })
    await stage.get('/a')
    stage.origin = () => says()
    stage.edge.invalidate(['#item:42'])
    expect((await stage.get('/a')).status).toBe(200)
  })

  test('an error takes the place of what was kept', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': 'max-age=1' })
    await stage.get('/a')
    stage.pass(1)
    stage.origin = () => says({}, { status: 404 })
    await stage.get('/a')
    stage.origin = () => Promise.reject(new Error('away'))
    stage.pass(10)
    expect((await stage.get('/a')).status).toBe(502)
  })
})

describe('§1.7 an origin that is away', () => {
  test.each([
    ['cannot be reached', 'Error', 502],
    ['takes too long', 'TimeoutError', 504],
  ])('the own error of the edge while the origin %s is kept, too', async (_, name, status) => {
    const stage = createStage({ errorTtlS: { [status]: 2 } })
    stage.origin = () => Promise.reject(Object.assign(new Error('away'), { name }))
    expect((await stage.get('/a')).status).toBe(status)
    stage.origin = () => says()
    stage.pass(1)
    expect((await stage.get('/a')).status).toBe(status)
    stage.pass(1)
    expect((await stage.get('/a')).status).toBe(200)
  })

  test('what cannot be reached is tried as often as configured', async () => {
    let tried = 0
    const fetch = async () => {
      tried++
      throw new Error('away')
    }
    const stage = createStage({ origins: { gateway: { fetch, attempts: 2 } } })
    await stage.get('/a')
    expect([tried, stage.edge.asked('gateway')]).toEqual([2, 2])
  })
})

describe('§1.4 redirects', () => {
  test.each([
    [301, undefined, 'Hit'],
    [302, undefined, 'Hit'],
    [307, undefined, 'Miss'],
    [308, undefined, 'Miss'],
    [307, 'max-age=60', 'Hit'],
    [308, 'max-age=60', 'Hit'],
    [302, 'no-store', 'Miss'],
  ])('%i with Cache-Control %s: then a %s', async (status, cacheControl, result) => {
    const stage = createStage({ behavior: { ttls: { minS: 0, defaultS: 60, maxS: 600 } } })
    const headers = cacheControl === undefined ? {} : { 'cache-control': cacheControl }
    stage.origin = () => says({ location: '/b', ...headers }, { status })
    await stage.get('/a')
    expect(await stage.result('/a')).toBe(result)
  })
})
