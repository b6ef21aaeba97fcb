import { describe, expect, test } from 'vitest'
import { BELIEVED } from '../support/edge/rules.ts'
import { createStage, type EdgeStage, says, type StageOptions } from './twin.ts'

const SWR = 'max-age=60, stale-while-revalidate=30'
const SIE = 'max-age=60, stale-if-error=600'

const unreachable = () => Promise.reject(new Error('connect ECONNREFUSED'))

/** A stage whose edge holds an answer to `/a` with this `Cache-Control`, `body` being `old`. */
async function holding(cacheControl: string, options: StageOptions = {}): Promise<EdgeStage> {
  const stage = createStage(options)
  stage.origin = () => says({ 'cache-control': cacheControl }, { body: 'old' })
  await stage.get('/a')
  return stage
}

const bodyOf = async (stage: EdgeStage) => {
  const { status, body } = await stage.get('/a')
  return status === 200 ? body.toString() : status
}

describe('§1.1 stale-while-revalidate', () => {
  test('the old one at once and one fetch in the background, then the new one', async () => {
    const stage = await holding(SWR)
    stage.origin = () => says({ 'cache-control': SWR }, { body: 'new' })
    stage.pass(89)
    expect(await Promise.all([bodyOf(stage), bodyOf(stage)])).toEqual(['old', 'old'])
    await stage.edge.settled()
    expect(stage.requests).toHaveLength(2)
    expect(await bodyOf(stage)).toBe('new')
  })

  test('not once its seconds are over', async () => {
    const stage = await holding(SWR)
    stage.origin = () => says({ 'cache-control': SWR }, { body: 'new' })
    stage.pass(90)
    expect(await bodyOf(stage)).toBe('new')
  })

  test('not without a number', async () => {
    const stage = await holding('max-age=60, stale-while-revalidate')
    stage.origin = () => says({}, { body: 'new' })
    stage.pass(61)
    expect(await bodyOf(stage)).toBe('new')
  })

  test('not past MaxTTL', async () => {
    const stage = await holding(SWR, { behavior: { ttls: { minS: 0, defaultS: 0, maxS: 60 } } })
    stage.origin = () => says({ 'cache-control': SWR }, { body: 'new' })
    stage.pass(61)
    expect(await bodyOf(stage)).toBe('new')
  })

  test.each([
    [true, 'old'],
    [false, 'new'],
  ])('[unverified] beside s-maxage, where that works: %s', async (staleBesideSMaxage, body) => {
    const stage = await holding('max-age=5, s-maxage=60, stale-while-revalidate=30', {
      rules: { staleBesideSMaxage },
    })
    stage.origin = () => says({}, { body: 'new' })
    stage.pass(70)
    expect(await bodyOf(stage)).toBe(body)
  })
})

describe('§1.1 stale-if-error', () => {
  test.each([
    ['unreachable', unreachable],
    ['500', () => says({}, { status: 500 })],
    ['503', () => says({ 'cache-control': 'no-store' }, { status: 503 })],
  ])('the old one while the origin is %s, asked for each time', async (_, origin) => {
    const stage = await holding(SIE)
    stage.origin = origin
    stage.pass(600)
    expect(await bodyOf(stage)).toBe('old')
    stage.pass(59)
    expect(await bodyOf(stage)).toBe('old')
    expect(stage.requests).toHaveLength(3)
    stage.pass(1)
    expect(await bodyOf(stage)).toBeGreaterThanOrEqual(500)
  })

  test('errors below 500 are passed on', async () => {
    const stage = await holding(SIE)
    stage.origin = () => says({}, { status: 404 })
    stage.pass(61)
    expect(await bodyOf(stage)).toBe(404)
  })

  test('without it: the old one for as long as such an error is kept, at a time', async () => {
    const stage = await holding('max-age=60', { errorTtlS: { 500: 7 } })
    stage.origin = () => says({}, { status: 500 })
    stage.pass(3600)
    expect(await bodyOf(stage)).toBe('old')
    stage.pass(6)
    expect(await bodyOf(stage)).toBe('old')
    expect(stage.requests).toHaveLength(2)
    stage.pass(1)
    expect(await bodyOf(stage)).toBe('old')
    expect(stage.requests).toHaveLength(3)
  })

  test('past MaxTTL there is no old one', async () => {
    const stage = await holding(SIE, { behavior: { ttls: { minS: 0, defaultS: 0, maxS: 100 } } })
    stage.origin = unreachable
    stage.pass(101)
    expect(await bodyOf(stage)).toBe(502)
  })

  test('what was invalidated is gone', async () => {
    const stage = await holding(SIE)
    stage.edge.invalidate(['/a'])
    stage.origin = unreachable
    expect(await bodyOf(stage)).toBe(502)
  })

  test.each([
    [true, 502],
    [false, 'old'],
  ])('[unverified] beside s-maxage, where that works: %s', async (staleBesideSMaxage, body) => {
    const stage = await holding('max-age=5, s-maxage=60, stale-if-error=0', { rules: { staleBesideSMaxage } })
    stage.origin = unreachable
    stage.pass(61)
    expect(await bodyOf(stage)).toBe(body)
  })
})

describe('§1.1 older answers that were not to be kept', () => {
  test.each(['no-store', 'no-cache', 'private, max-age=300'])(
    'of %s: handed out while the origin cannot be reached, and only then',
    async (cacheControl) => {
      const stage = await holding(cacheControl)
      stage.origin = unreachable
      expect(await bodyOf(stage)).toBe('old')
      stage.origin = () => says({}, { status: 500 })
      expect(await bodyOf(stage)).toBe(500)
    },
  )

  test('never with stale-if-error=0: it does not lie there at all', async () => {
    const stage = await holding('private, no-store, max-age=0, stale-if-error=0')
    expect(stage.edge.held()).toEqual([])
    stage.origin = unreachable
    expect(await bodyOf(stage)).toBe(502)
  })

  test('[unverified] "may": not where the edge does not', async () => {
    const stage = await holding('no-store', {
      rules: { olderWhenUnreachable: !BELIEVED.olderWhenUnreachable },
    })
    stage.origin = unreachable
    expect(await bodyOf(stage)).toBe(502)
  })

  test('nothing lies there where caching is disabled', async () => {
    const stage = await holding('max-age=300', { behavior: { ttls: { minS: 0, defaultS: 0, maxS: 0 } } })
    expect(stage.edge.held()).toEqual([])
    stage.origin = unreachable
    expect(await bodyOf(stage)).toBe(502)
  })
})
