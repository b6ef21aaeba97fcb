import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppEnv } from '../../src/http/env.ts'
import { images, Plans } from '../../src/http/images.ts'
import { createReadWish } from '../../src/http/negotiation.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import { createAccessLinks, formatAccessGrant } from '../../src/identity/access-links.ts'
import { createIdentity } from '../../src/identity/identity.ts'
import { createLimits } from '../../src/limits/limits.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { createSizePolicy } from '../../src/transform/size-policy.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { putItem, setAccess } from '../support/library.ts'

const bucket = createMemoryObjectStore()
const links = createAccessLinks(['a key for access links in tests, long enough'])
const limits = createLimits({
  perMinute: { tickets: 0, completes: 0, 'private-renders': 2 },
  usersPerAddress: 1,
})
let gateway: TestGateway
let app: Hono<AppEnv>

beforeAll(async () => {
  await putItem(bucket, 'hidden', ['#ff0000'])
  await setAccess(bucket, 'hidden', 'private', 'ana')
  await putItem(bucket, 'open', ['#00ff00'])
  gateway = await createTestGateway({ store: bucket })
  const presets = parsePresets('')
  const dialect = createNativeDialect({ presets, signingKeys: [] })
  const identity = createIdentity({ secrets: [], audience: 'halftone', rolesClaim: 'roles', apiKeys: [] })
  app = new Hono<AppEnv>()
  app.onError(problemAnswer)
  app.use(async (c, next) => {
    c.set('requestId', 'test-1')
    await next()
  })
  app.get(
    '/img/*',
    images({
      dialect,
      plans: new Plans({ dialect, sizes: createSizePolicy({ policy: 'ladder', presets }) }),
      delivery: gateway.negotiated,
      readWish: createReadWish([]),
      requestTimeoutMs: 10_000,
      identity,
      links,
      limits,
    }),
  )
})
afterAll(async () => gateway.close())

async function get(item: string, size: string, remoteAddress = '192.0.2.1'): Promise<Response> {
  const source = `items/${item}/photos/p1`
  const grant = formatAccessGrant(links.sign(source, new Date(Date.now() + 60_000)))
  const target = `/img/${source}/${size}.jpg${grant}`
  return app.request(`http://test${target}`, {}, { incoming: { url: target, socket: { remoteAddress } } })
}

test('private pictures are made so often for one address; what is made, and what is public, costs nothing', async () => {
  const first = await get('hidden', '160')
  expect([first.status, first.headers.get('ratelimit-policy')]).toEqual([200, '"private-renders";q=2;w=60'])
  expect(first.headers.get('ratelimit')).toMatch(/^"private-renders";r=1;t=\d+$/)
  const again = await get('hidden', '160')
  expect([again.status, again.headers.has('ratelimit')]).toEqual([200, false])
  expect((await get('hidden', '200')).status).toBe(200)

  const refused = await get('hidden', '256')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('cache-control')).toContain('no-store')
  expect((await get('hidden', '256', '192.0.2.2')).status).toBe(200)
  expect((await get('open', '320')).status).toBe(200)
})
