import { describe, expect, test } from 'vitest'
import { createStage, says } from './twin.ts'

const YEAR = 31_536_000

/** Seconds until the origin is asked again, as far as a list of moments tells; Infinity: not within them. */
async function keptFor(
  headers: Record<string, string>,
  ttls: { minS: number; defaultS: number; maxS: number },
): Promise<number> {
  const stage = createStage({ behavior: { ttls } })
  stage.origin = () => says(headers)
  await stage.get('/a')
  let passed = 0
  for (const moment of [0, 1, 9, 10, 59, 60, 99, 100, 299, 300, 3599, 3600]) {
    stage.pass(moment - passed)
    passed = moment
    await stage.get('/a')
    if (stage.requests.length > 1) return moment
  }
  return Number.POSITIVE_INFINITY
}

const inFuture = (seconds: number) =>
  new Date(Date.parse('2026-11-01T12:00:00Z') + seconds * 1000).toUTCString()

describe('§1.1 how long an object is kept', () => {
  const zero = { minS: 0, defaultS: 60, maxS: YEAR }
  const above = { minS: 10, defaultS: 60, maxS: 100 }

  test.each([
    [{ 'cache-control': 'max-age=300' }, zero, 300],
    [{ 'cache-control': 'max-age=300' }, { ...zero, maxS: 100 }, 100],
    [{ 'cache-control': 'max-age=1' }, above, 10],
    [{ 'cache-control': 'max-age=60' }, above, 60],
    [{ 'cache-control': 'max-age=300' }, above, 100],
    [{ 'cache-control': 'max-age=300, s-maxage=10' }, zero, 10],
    [{ 'cache-control': 'max-age=10, s-maxage=300' }, zero, 300],
    [{ 'cache-control': 'max-age=10, s-maxage=1' }, above, 10],
    [{ 'cache-control': 'max-age=10, s-maxage=300' }, above, 100],
    [{ expires: inFuture(300) }, zero, 300],
    [{ expires: inFuture(300) }, { ...zero, maxS: 100 }, 100],
    [{ expires: inFuture(1) }, above, 10],
    [{ expires: '0' }, zero, 0],
    [{ expires: inFuture(300), 'cache-control': 'max-age=10' }, zero, 10],
    [{}, zero, 60],
    [{}, { minS: 100, defaultS: 60, maxS: 300 }, 100],
    [{ 'cache-control': 'immutable' }, zero, 60],
    [{ 'cache-control': 'no-store' }, zero, 0],
    [{ 'cache-control': 'no-cache' }, zero, 0],
    [{ 'cache-control': 'private, max-age=300' }, zero, 0],
    [{ 'cache-control': 'no-store' }, above, 10],
    [{ 'cache-control': 'no-cache' }, above, 10],
    [{ 'cache-control': 'private, max-age=300' }, above, 10],
    [{ 'cache-control': 'max-age=300', vary: '*' }, zero, 0],
    [{ 'cache-control': 'max-age=300' }, { minS: 0, defaultS: 0, maxS: 0 }, 0],
  ])('%j under %j: %i s', async (headers, ttls, seconds) => {
    expect(await keptFor(headers, ttls)).toBe(seconds)
  })

  test('what a viewer says of caching changes nothing', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    await stage.get('/a')
    expect(await stage.result('/a', { 'cache-control': 'no-cache', pragma: 'no-cache' })).toBe('Hit')
  })

  test('hits tell their age', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    expect((await stage.get('/a')).headers['age']).toBeUndefined()
    stage.pass(59)
    expect((await stage.get('/a')).headers['age']).toBe('59')
  })
})
