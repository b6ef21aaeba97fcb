import { afterEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { createBucketOrigin } from '../support/edge/bucket-origin.ts'
import { createEdge } from '../support/edge/create-edge.ts'
import { distribution } from '../support/edge/distribution.ts'
import { createResponseOrigin } from '../support/edge/http-origin.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, plainJpeg } from '../support/library.ts'

const FRANKFURT = 'FRA56-P1'
const ASHBURN = 'IAD89-P2'
const KEY = 'photos/cat.jpg'

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** Our distribution, as its table says it, before a whole gateway with one red picture; S3 first where wanted. */
async function start({ isBucketFirst = false } = {}) {
  let now = Date.parse('2026-11-01T12:00:00Z')
  const gateway = await createTestGateway({ environment: { HALFTONE_LOOKUP_TTL_MS: '0' } })
  ends.push(() => gateway.close())
  await gateway.bucket.put(KEY, await plainJpeg('red'), { contentType: 'image/jpeg' })
  const origin = createResponseOrigin((target, init) => gateway.fetch(target, init))
  const bucket = isBucketFirst ? createBucketOrigin(gateway.bucket) : undefined
  const edge = createEdge(distribution({ clock: () => now, gateway: origin, bucket }))
  return {
    gateway,
    edge,
    pass: (seconds: number) => {
      now += seconds * 1000
    },
    view: (target: string, location = FRANKFURT) =>
      edge.view(location, { method: 'GET', target, headers: {} }),
  }
}

/** The source is another, and our own caches have forgotten the old one. */
async function replaceByBlue({ bucket, journal }: TestGateway): Promise<void> {
  await forget(bucket, [KEY], async () => {
    await bucket.put(KEY, await plainJpeg('blue'), { contentType: 'image/jpeg' })
  })
  await journal.read()
}

describe('the edge before a gateway', () => {
  const target = `/img/${KEY}/320.webp`

  test('a picture is asked for once, by whichever location', async () => {
    const { edge, view } = await start()
    await view(target)
    const second = await view(target, ASHBURN)
    expect(second.headers).toMatchObject({ 'content-type': 'image/webp', 'x-amz-cf-pop': ASHBURN })
    expect(second.headers['x-amz-meta-cache-tag']).toBeUndefined()
    expect(edge.asked('gateway')).toBe(1)
  })

  test.each([
    ['tag', `#key:${encodeURIComponent(KEY)}`],
    ['path', target],
    ['wildcard', `/img/${KEY}/*`],
  ])('a replaced picture is old until it is purged by %s', async (_, item) => {
    const { edge, gateway, view } = await start()
    await view(target)
    await view(target, ASHBURN)
    await replaceByBlue(gateway)
    const [red = 0, , blue = 0] = await middleColour((await view(target)).body)
    expect(red).toBeGreaterThan(blue)
    edge.invalidate([item])
    for (const location of [FRANKFURT, ASHBURN]) {
      const [newRed = 0, , newBlue = 0] = await middleColour((await view(target, location)).body)
      expect(newBlue).toBeGreaterThan(newRed)
    }
  })

  test('S3 first: a stored versioned picture never reaches the gateway, and its tag reaches it', async () => {
    const { edge, gateway, view } = await start({ isBucketFirst: true })
    const { headers, body } = await view(target)
    const versioned = headers['content-location'] ?? ''
    await gateway.writeBack.drain()
    const stored = await view(versioned)
    expect([stored.status, stored.body.equals(body)]).toEqual([200, true])
    expect([edge.asked('gateway'), edge.asked('bucket')]).toEqual([1, 1])
    await replaceByBlue(gateway)
    edge.invalidate([`#key:${encodeURIComponent(KEY)}`])
    expect((await view(versioned)).status).toBe(302)
    expect([edge.asked('gateway'), edge.asked('bucket')]).toEqual([2, 2])
  })

  test('S3 first: the bucket shows nothing but variants', async () => {
    const { gateway } = await start()
    const read = createBucketOrigin(gateway.bucket)
    const statuses = []
    for (const path of [`/${KEY}`, '/img/none', '/system/journal.json'])
      statuses.push((await read({ method: 'GET', target: path, headers: {} })).status)
    expect(statuses).toEqual([403, 403, 403])
  })

  test('an hour later the edge asks whether it is still right', async () => {
    const { pass, view } = await start()
    await view(target)
    pass(3600 + 60)
    expect((await view(target)).headers['x-cache']).toBe('RefreshHit from cloudfront')
  })
})
