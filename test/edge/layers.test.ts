import { describe, expect, test } from 'vitest'
import { ASHBURN, createStage, FRANKFURT, says } from './twin.ts'

/** An origin whose answers wait until they are let go, in the order of their requests. */
function gated(answer = () => says({ 'cache-control': 'max-age=60' })) {
  const waiting: (() => void)[] = []
  const origin = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return answer()
  }
  return { origin, waiting, letGo: () => waiting.splice(0).forEach((go) => go()) }
}

/** Lets everything run that waits for nothing but its turn. */
const turns = () => new Promise((resolve) => setImmediate(resolve))

describe('§1.6 collapsing', () => {
  test('requests for the same wait for one answer, at each location', async () => {
    const stage = createStage()
    const { origin, letGo } = gated()
    stage.origin = origin
    const views = [FRANKFURT, FRANKFURT, ASHBURN].map((location) => stage.get('/a', {}, location))
    await turns()
    letGo()
    expect((await Promise.all(views)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(stage.requests).toHaveLength(2)
  })

  test.each(['no-store', 'private', 'no-cache', 'max-age=0'])(
    'each goes for itself once the answer says %s',
    async (cacheControl) => {
      const stage = createStage()
      const { origin, letGo } = gated(() => says({ 'cache-control': cacheControl }))
      stage.origin = origin
      const views = [1, 2, 3].map(() => stage.get('/a'))
      await turns()
      expect(stage.requests).toHaveLength(1)
      letGo()
      await turns()
      expect(stage.requests).toHaveLength(3)
      letGo()
      await Promise.all(views)
    },
  )

  test('none where caching is disabled', async () => {
    const stage = createStage({ behavior: { ttls: { minS: 0, defaultS: 0, maxS: 0 } } })
    const { origin, letGo } = gated()
    stage.origin = origin
    const views = [1, 2, 3].map(() => stage.get('/a'))
    await turns()
    expect(stage.requests).toHaveLength(3)
    letGo()
    await Promise.all(views)
  })
})

describe('§1.6 locations and Origin Shield', () => {
  test('without it each location asks the origin', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    await stage.get('/a', {}, FRANKFURT)
    expect(await stage.result('/a', {}, ASHBURN)).toBe('Miss')
    expect(stage.requests).toHaveLength(2)
  })

  test('with it the origin is asked once, and by those who ask at the same time, too', async () => {
    const stage = createStage({ shield: true })
    const { origin, letGo } = gated()
    stage.origin = origin
    const views = [FRANKFURT, ASHBURN].map((location) => stage.get('/a', {}, location))
    await turns()
    letGo()
    await Promise.all(views)
    expect(stage.requests).toHaveLength(1)
  })

  test.each([
    [true, 'Miss', '50'],
    [false, 'Hit', '0'],
  ])('[unverified] what aged in the shield has aged, where that counts: %s', async (counts, result, age) => {
    const stage = createStage({ shield: true, rules: { ageCountsBetweenLayers: counts } })
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    await stage.get('/a', {}, FRANKFURT)
    stage.pass(50)
    const { headers } = await stage.get('/a', {}, ASHBURN)
    expect(headers['x-cache']).toBe('Miss from cloudfront')
    expect(headers['age']).toBe(age)
    stage.pass(50)
    expect(await stage.result('/a', {}, ASHBURN)).toBe(result)
  })

  test('what the shield has revalidated is not sent again', async () => {
    const stage = createStage({ shield: true })
    stage.origin = () => says({ 'cache-control': 'max-age=60', etag: '"1"' })
    await stage.get('/a')
    stage.origin = ({ headers }) =>
      headers['if-none-match'] === '"1"'
        ? { status: 304, headers: { 'cache-control': 'max-age=60', etag: '"1"' }, body: Buffer.alloc(0) }
        : says()
    stage.pass(60)
    expect(await stage.result('/a')).toBe('RefreshHit')
    stage.pass(59)
    expect(await stage.result('/a')).toBe('Hit')
  })

  test('an origin that cannot be reached: older answers at the locations, too', async () => {
    const stage = createStage({ shield: true })
    stage.origin = () => says({ 'cache-control': 'no-store' }, { body: 'old' })
    await stage.get('/a')
    stage.origin = () => Promise.reject(new Error('away'))
    expect((await stage.get('/a')).body.toString()).toBe('old')
  })

  test('an unknown location is a mistake', async () => {
    await expect(createStage().get('/a', {}, 'MUC')).rejects.toThrow('no edge location MUC')
  })
})

describe('§1.12 origin groups', () => {
  const group = { primary: 'bucket', secondary: 'gateway', codes: [403, 404, 503] }

  function createGroup(bucket: () => ReturnType<typeof says>) {
    const stage = createStage({
      behavior: { origin: group },
      origins: {
        bucket: { fetch: async () => bucket() },
        gateway: { fetch: async () => says({ 'cache-control': 'max-age=60' }, { body: 'rendered' }) },
      },
    })
    const asked = () => [stage.edge.asked('bucket'), stage.edge.asked('gateway')]
    return { ...stage, asked }
  }

  test('what the first has is never asked of the second', async () => {
    const stage = createGroup(() => says({ 'x-amz-meta-cache-tag': 'a' }, { body: 'stored' }))
    expect((await stage.get('/a')).body.toString()).toBe('stored')
    expect(stage.asked()).toEqual([1, 0])
  })

  test.each([403, 404, 503])('%i: the second is asked', async (status) => {
    const stage = createGroup(() => says({}, { status }))
    expect((await stage.get('/a')).body.toString()).toBe('rendered')
    expect((await stage.get('/a')).headers['x-cache']).toBe('Hit from cloudfront')
    expect(stage.asked()).toEqual([1, 1])
  })

  test('another code is the answer', async () => {
    const stage = createGroup(() => says({}, { status: 500 }))
    expect((await stage.get('/a')).status).toBe(500)
    expect(stage.asked()).toEqual([1, 0])
  })

  test('one that cannot be reached, after its three attempts', async () => {
    const stage = createGroup(() => {
      throw new Error('away')
    })
    expect((await stage.get('/a')).body.toString()).toBe('rendered')
    expect(stage.asked()).toEqual([3, 1])
  })
})

describe('what a location can hold', () => {
  test('what was used longest ago goes first', async () => {
    const stage = createStage({ capacityBytes: 3000 })
    stage.origin = () => says({ 'cache-control': 'max-age=60' }, { body: 'x'.repeat(500) })
    await stage.get('/a')
    await stage.get('/b')
    await stage.get('/a')
    await stage.get('/c')
    expect(stage.edge.held().map(({ path }) => path)).toEqual(['/c', '/a'])
  })

  test('what does not fit is passed on', async () => {
    const stage = createStage({ capacityBytes: 3000 })
    stage.origin = () => says({ 'cache-control': 'max-age=60' }, { body: 'x'.repeat(4000) })
    expect((await stage.get('/a')).body).toHaveLength(4000)
    expect(stage.edge.held()).toEqual([])
  })
})
