import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { itemsPage, ticket } from '../../src/api/schemas.ts'
import { createLimits } from '../../src/limits/limits.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { codeOf, createTestApi, readAs, SERVER_KEY, type TestApi, tokenOf } from '../support/api.ts'
import { by, ITEM, keysUnder, putItemAbc, putText } from '../library/library.ts'
import { createClock, sweepOnce } from '../sweep/sweeping.ts'

let api: TestApi
let owner: string

beforeEach(async () => {
  api = createTestApi({ allowedOrigins: ['https://shop.test'] })
  await putItemAbc(api.store, api.library)
  owner = await tokenOf('shop')
})

const description = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ summary: z.string(), security: z.array(z.unknown()).min(1) })),
  ),
})

const describeApi = async () => readAs(await api.call('GET /openapi.json'), description)

describe('the description of the API', () => {
  test('is OpenAPI 3.1 without a fault', async () => {
    expect((await describeApi()).openapi).toBe('3.1.0')
    const verdict = await new Validator().validate(
      await readAs(await api.call('GET /openapi.json'), z.record(z.string(), z.unknown())),
    )
    expect(verdict).toMatchObject({ valid: true })
  })

  test('has every route, each with a summary and with who may use it', async () => {
    const { paths } = await describeApi()
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const served = api.api.routes
      .filter(({ method, path }) => !['ALL', 'OPTIONS'].includes(method) && path !== '/openapi.json')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(described.toSorted()).toEqual([...new Set(served)].toSorted())
  })
})

describe('methods and origins', () => {
  test('OPTIONS says what there is, and 405 too', async () => {
    const options = await api.call(`OPTIONS /items/${ITEM}/photos/a`)
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'DELETE, OPTIONS, PATCH, PUT'])
    const refused = await api.call(`POST /items/${ITEM}`, { as: owner, json: {} })
    expect(refused.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PUT')
    expect(await codeOf(refused)).toBe('405 method_not_allowed')
    expect(await codeOf(await api.call('GET /nothing'))).toBe('404 route_not_found')
    expect((await api.call(`HEAD /items/${ITEM}`)).status).toBe(200)
  })

  test('pages of the origins that are configured may use it, and no others', async () => {
    const preflight = async (origin: string) =>
      api.call('OPTIONS /uploads', { headers: { origin, 'access-control-request-method': 'POST' } })
    const allowed = await preflight('https://shop.test')
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.test')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('idempotency-key')
    // Their browsers take the cookies of pictures; where any page may ask, none does.
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    const forAll = await createTestApi({ allowedOrigins: ['*'] }).call('GET /items/none', {
      headers: { origin: 'https://shop.test' },
    })
    expect(forAll.headers.get('access-control-allow-origin')).toBe('*')
    expect(forAll.headers.has('access-control-allow-credentials')).toBe(false)
    expect((await preflight('https://evil.test')).headers.has('access-control-allow-origin')).toBe(false)
    for (const [origin, expected] of [
      ['https://shop.test', 'https://shop.test'],
      ['https://evil.test', null],
    ] as const) {
      for (const path of [`/items/${ITEM}`, '/items/none', '/nothing']) {
        const answer = await api.call(`GET ${path}`, { headers: { origin } })
        expect(answer.headers.get('access-control-allow-origin'), path).toBe(expected)
        expect(answer.headers.get('vary')).toContain('Origin')
      }
    }
  })
})

describe('for administrators', () => {
  test('all items, page by page', async () => {
    for (const itemId of ['43', '43-b', '44'])
      await api.library.albums.create(itemId, { owner: 'u', access: 'private' }, by)
    const admin = await tokenOf('root', 'admin')
    const seen: unknown[] = []
    let path = '/items?limit=2'
    for (let next: string | undefined = ''; next !== undefined; path = `/items?limit=2&cursor=${next}`) {
      const page = await readAs(await api.call(`GET ${path}`, { as: admin }), itemsPage)
      expect(page.items.length).toBeLessThanOrEqual(2)
      seen.push(...page.items)
      next = page.next
      path = `/items?limit=2&cursor=${next}`
    }
    expect(seen).toEqual([
      { itemId: ITEM, owner: 'shop', access: 'public', photos: 3 },
      { itemId: '43-b', owner: 'u', access: 'private', photos: 0 },
      { itemId: '43', owner: 'u', access: 'private', photos: 0 },
      { itemId: '44', owner: 'u', access: 'private', photos: 0 },
    ])
  })

  test('what the bucket holds, and what it costs: counted once a minute', async () => {
    let listings = 0
    const memory = createMemoryObjectStore()
    const list: typeof memory.list = (prefix, options) => {
      if (prefix === '') listings += 1
      return memory.list(prefix, options)
    }
    const counted = createTestApi({ store: { ...memory, list } })
    await putItemAbc(counted.store, counted.library)
    const as = await tokenOf('root', 'admin')
    const answers = await Promise.all(
      ['GET /stats', 'GET /stats'].map(async (line) => counted.call(line, { as })),
    )
    expect(await answers[0]?.json()).toMatchObject({
      items: 1,
      photos: 3,
      kinds: { itemPhotos: { objects: 3 }, records: { objects: 1 } },
      monthlyEstimate: { currency: 'USD' },
    })
    expect(listings).toBe(1)
  })

  test('how it has grown, and what a sweep would free', async () => {
    const put = async (key: string, value: unknown) =>
      api.store.put(key, Buffer.from(JSON.stringify(value)), { contentType: 'application/json' })
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
    for (const [days, objects] of [
      [40, 1],
      [31, 2],
      [3, 3],
    ] as const) {
      await put(`system/statistics/${daysAgo(days)}.json`, { objects, bytes: 10 })
    }
    await putText(api.store, 'temp/uploads/u1/cat.jpg')
    const clock = createClock()
    clock.advance(2 * 86_400_000)
    await sweepOnce(api.store, clock, { deletes: false })
    const counted = await readAs(
      await api.call('GET /stats', { as: await tokenOf('root', 'admin') }),
      z.looseObject({ objects: z.number(), growth: z.unknown(), lastSweep: z.unknown() }),
    )
    expect(counted.growth).toMatchObject({ since: daysAgo(31), objects: counted.objects - 2 })
    expect(counted.lastSweep).toMatchObject({
      mode: 'dry-run',
      objects: 1,
      bytes: 'temp/uploads/u1/cat.jpg'.length,
    })
    expect(await keysUnder(api.store, 'system/statistics/')).toHaveLength(4)
  })

  test.each(['GET /items', 'GET /stats'])('%s is for nobody else', async (line) => {
    expect(await codeOf(await api.call(line))).toBe('401 authentication_required')
    expect(await codeOf(await api.call(line, { as: owner }))).toBe('403 access_denied')
    expect(await codeOf(await api.call(line, { as: await tokenOf('r', 'reviewer') }))).toBe(
      '403 access_denied',
    )
  })
})

const REQUEST = { kind: 'item-photo', ownerId: ITEM, fileName: 'a.jpg', contentType: 'image/jpeg', bytes: 9 }

describe('Idempotency-Key', () => {
  const post = async (json: object = REQUEST, as = owner, key = 'k-1') =>
    api.call('POST /uploads', { as, json, headers: { 'idempotency-key': key } })

  test('the same request gets the same answer; other keys and other people get their own', async () => {
    const first = await post()
    const again = await post()
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await again.json()).toEqual(await first.clone().json())
    const other = await post(REQUEST, owner, 'k-2')
    expect(await other.json()).not.toEqual(await first.clone().json())
    const stranger = await post(REQUEST, await tokenOf('somebody'))
    expect(await stranger.json()).not.toEqual(await first.json())
    expect(await keysUnder(api.store, 'system/idempotency/')).toHaveLength(3)
  })

  test('another request with the same key is a conflict', async () => {
    await post()
    expect(await codeOf(await post({ ...REQUEST, bytes: 10 }))).toBe('409 conflict')
    const elsewhere = await api.call('POST /uploads/u1/complete', {
      as: owner,
      headers: { 'idempotency-key': 'k-1' },
    })
    expect(await codeOf(elsewhere)).toBe('409 conflict')
  })

  test('while one is under way another like it is a conflict', async () => {
    let begin = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    const { uploads } = api
    const gated = createTestApi({
      store: api.store,
      uploads: {
        ...uploads,
        async begin(request, context) {
          begin()
          await gate
          return uploads.begin(request, context)
        },
      },
    })
    const headers = { 'idempotency-key': 'k-1' }
    const first = gated.call('POST /uploads', { as: owner, json: REQUEST, headers })
    await begun
    expect(await codeOf(await post())).toBe('409 conflict')
    goOn()
    expect((await first).status).toBe(201)
    expect((await post()).headers.get('idempotency-replayed')).toBe('true')
  })

  /** Makes what was kept of the one key that there is older, or damages it. */
  async function keep(change: (kept: string) => string): Promise<void> {
    const [key = ''] = await keysUnder(api.store, 'system/idempotency/')
    const found = await api.store.get(key)
    if (found.outcome !== 'found') throw new Error('Nothing was kept')
    const body = Buffer.from(change(found.object.body.toString()))
    await api.store.put(key, body, { contentType: 'application/json' })
  }
  const age = (ms: number) => async () => keep((kept) => kept.replace(/"at":\d+/, `"at":${Date.now() - ms}`))
  const HOUR_MS = 3_600_000

  test.each([
    ['is answered the same for almost a day', age(23 * HOUR_MS), true],
    ['is a new one after a day', age(25 * HOUR_MS), false],
    ['is a new one when what was kept is damaged', async () => keep((kept) => kept.slice(0, 40)), false],
  ])('a key %s', async (_what, change, isReplayed) => {
    const first = await readAs(await post(), ticket)
    await change()
    const again = await post()
    expect(again.headers.has('idempotency-replayed')).toBe(isReplayed)
    expect((await readAs(again, ticket)).uploadId === first.uploadId).toBe(isReplayed)
  })

  test('a claim whose answer was lost, and that conflicts with itself when it is repeated, is held', async () => {
    const { store } = api
    const lossy = createTestApi({
      store: {
        ...store,
        async put(key, bytes, options) {
          const put = await store.put(key, bytes, options)
          return key.startsWith('system/idempotency/') && Buffer.from(bytes).includes('in-flight')
            ? store.put(key, bytes, options)
            : put
        },
      },
    })
    const headers = { 'idempotency-key': 'k-1' }
    expect((await lossy.call('POST /uploads', { as: owner, json: REQUEST, headers })).status).toBe(201)
    expect((await post()).headers.get('idempotency-replayed')).toBe('true')
  })

  test('a key whose holder died is taken over', async () => {
    await post()
    const inFlight = (ms: number) => (kept: string) => {
      const [, fingerprint] = /"fingerprint":"([^"]+)"/.exec(kept) ?? []
      return JSON.stringify({ state: 'in-flight', id: 'of-another', fingerprint, at: Date.now() - ms })
    }
    await keep(inFlight(60_000))
    expect(await codeOf(await post())).toBe('409 conflict')
    await keep(inFlight(180_000))
    expect((await post()).status).toBe(201)
  })

  test('a key whose holder still receives a form is not taken over', async () => {
    const send = async () => {
      const body = new FormData()
      body.append('file', new Blob(['the bytes'], { type: 'image/jpeg' }), 'front.jpg')
      const headers = { 'idempotency-key': 'k-1' }
      return api.call('POST /profiles/shop/photo', { as: await tokenOf('shop'), body, headers })
    }
    expect((await send()).status).toBe(201)
    const inFlight = (ms: number) => (kept: string) => {
      const [, fingerprint] = /"fingerprint":"([^"]+)"/.exec(kept) ?? []
      return JSON.stringify({ state: 'in-flight', id: 'of-another', fingerprint, at: Date.now() - ms })
    }
    await keep(inFlight(700_000))
    expect(await codeOf(await send())).toBe('409 conflict')
    await keep(inFlight(1_000_000))
    expect((await send()).status).toBe(201)
  })

  test('what failed may be tried again', async () => {
    const bad = { ...REQUEST, kind: 'video' }
    expect(await codeOf(await post(bad))).toBe('400 invalid_request')
    expect((await post()).status).toBe(201)
    for (const key of ['', 'with space', 'x'.repeat(256)]) {
      expect(await codeOf(await post(REQUEST, owner, key)), key).toBe('400 invalid_request')
    }
  })
})

describe('rate limits', () => {
  test('who asks too often is told when to come back', async () => {
    const limits = createLimits({
      perMinute: { tickets: 2, completes: 0, 'private-renders': 0 },
      usersPerAddress: 2,
    })
    const limited = createTestApi({ limits })
    const post = async (as: string) => limited.call('POST /uploads', { as, json: REQUEST })
    const first = await post(owner)
    expect(first.headers.get('ratelimit-policy')).toBe('"tickets";q=2;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"tickets";r=1;t=\d+$/)
    await post(owner)
    const refused = await post(owner)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('ratelimit')).toMatch(/^"tickets";r=0;t=\d+$/)
    expect(await codeOf(refused)).toBe('429 too_many_requests')
    expect((await post(await tokenOf('second'))).status).toBe(201)
    expect((await post(await tokenOf('third'))).status).toBe(201)
    // Four from one address: two users' worth.
    expect((await post(await tokenOf('fourth'))).status).toBe(429)
  })

  test('a user does not use up what a server of the same name has', async () => {
    const limits = createLimits({
      perMinute: { tickets: 1, completes: 0, 'private-renders': 0 },
      usersPerAddress: 10,
    })
    const limited = createTestApi({ limits })
    const post = async (as: string) => (await limited.call('POST /uploads', { as, json: REQUEST })).status
    const user = await tokenOf('shop')
    expect([await post(user), await post(user)]).toEqual([201, 429])
    expect(await post(`Bearer ${SERVER_KEY}`)).not.toBe(429)
  })
})
