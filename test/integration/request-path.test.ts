import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, plainJpeg, putItem } from '../support/library.ts'

let bucket: ObjectStore
let gates: ReturnType<typeof gateStore>
const gateways: TestGateway[] = []

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  gates = gateStore(bucket)
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await putItem(bucket, '42', ['#ff0000', '#00ff00'])
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
})

async function start(environment: Record<string, string> = {}): Promise<TestGateway> {
  const gateway = await createTestGateway({ store: gates.store, environment })
  gateways.push(gateway)
  return gateway
}

const PATH = '/img/photos/a.jpg/320.webp'
/** What is alive on the heap, after garbage has been collected. */
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  return process.memoryUsage().heapUsed
}

const cacheStatus = async (answer: Response | Promise<Response>) => (await answer).headers.get('cache-status')

describe('the budget of bucket calls', () => {
  test.each([
    ['by exact key', PATH, 'head'],
    ['through a record', '/img/items/42/320.webp', 'get'],
  ])('%s', async (_, target, lookUp) => {
    const gateway = await start()
    const forgetAll = () => {
      gateway.variants.forgetAll()
      gateway.sources.forgetAll()
    }
    // Cold: three, then one PUT and one check.
    const cold = await gateway.fetch(target)
    expect(await gateway.verbs()).toEqual([lookUp, 'get', 'get', 'put', lookUp])
    // Memory hit: none.
    await gateway.fetch(target)
    expect(await gateway.verbs()).toEqual([])
    // Unversioned, stored: two.
    forgetAll()
    await gateway.fetch(target)
    expect(await gateway.verbs()).toEqual([lookUp, 'get'])
    // Versioned, stored: one.
    forgetAll()
    await gateway.fetch(cold.headers.get('content-location') ?? '')
    expect(await gateway.verbs()).toEqual(['get'])
    // Not modified: one.
    forgetAll()
    const headers = { 'if-none-match': cold.headers.get('etag') ?? '' }
    expect((await gateway.fetch(target, { headers })).status).toBe(304)
    expect(await gateway.verbs()).toEqual([lookUp])
  })

  test('an unknown source: one, and none while that is remembered', async () => {
    const gateway = await start()
    for (const target of ['/img/items/none/320.webp', '/img/photos/none.jpg/320.webp']) {
      expect((await gateway.fetch(target)).status).toBe(404)
      expect(await gateway.verbs()).toHaveLength(1)
      expect((await gateway.fetch(target)).status).toBe(404)
      expect(await gateway.verbs()).toEqual([])
    }
  })
})

describe('memory', () => {
  test('of no size at all is no reason not to start', async () => {
    const gateway = await start({ HALFTONE_MEMORY_MB: '0' })
    expect((await gateway.fetch(PATH)).status).toBe(200)
    await gateway.verbs()
    expect(await cacheStatus(gateway.fetch(PATH))).toBe('memory; fwd=miss, bucket; hit')
    expect(gateway.variants.stats.memoryEntries).toBe(0)
  })

  test('does not grow with what strangers write behind a question mark', async () => {
    const gateway = await start()
    await gateway.fetch(PATH)
    const before = await heapBytes()
    for (let count = 0; count < 4000; count += 1) {
      await gateway.fetch(`${PATH}?${count}${'x'.repeat(10_000)}`)
    }
    expect((await heapBytes()) - before).toBeLessThan(15 * 1024 * 1024)
  })
})

describe('many at once', () => {
  test('200 clients of one cold URL: one render, 200 equal answers, 199 of them shared', async () => {
    const gateway = await start()
    const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.fetch(PATH)))
    const bodies = await Promise.all(answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())))
    expect(answers.every((answer) => answer.status === 200)).toBe(true)
    expect(bodies.every((body) => body.equals(bodies[0] ?? Buffer.alloc(0)))).toBe(true)
    const layers = answers.map((answer) => answer.headers.get('cache-status'))
    expect(layers.filter((layer) => layer === 'memory; fwd=miss, bucket; fwd=miss')).toHaveLength(1)
    expect(layers.filter((layer) => /collapsed|hit/.test(layer ?? ''))).toHaveLength(199)
    expect(await gateway.verbs()).toEqual(['head', 'get', 'get', 'put', 'head'])
    expect(await gateway.metrics.registry.getSingleMetricAsString('halftone_render_seconds')).toContain(
      'halftone_render_seconds_count{type="image/webp"} 1',
    )
  })

  test('beyond the queue: 503 at once, never kept, with the word when to come again', async () => {
    const gateway = await start({ HALFTONE_QUEUE_LENGTH: '0' })
    const reads = [1, 2].map(() => gates.hold('get', (key) => key === 'photos/a.jpg'))
    const first = gateway.fetch('/img/photos/a.jpg/320.webp')
    const second = gateway.fetch('/img/photos/a.jpg/384.webp')
    await Promise.all(reads.map(({ reached }) => reached))
    const third = await gateway.fetch('/img/photos/a.jpg/480.webp')
    expect(third.status).toBe(503)
    expect(third.headers.get('retry-after')).toBe('1')
    expect(third.headers.get('cache-control')).toBe('no-store')
    expect(await third.json()).toMatchObject({ code: 'overloaded' })
    for (const read of reads) read.release()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
  })

  test('a client that leaves before the render began drops it, when nobody else waits', async () => {
    const gateway = await start()
    const leaving = new AbortController()
    const read = gates.hold('get', (key) => key === 'photos/a.jpg')
    const request = gateway.fetch(PATH, { signal: leaving.signal })
    await read.reached
    leaving.abort()
    expect((await request).status).toBe(499)
    read.release()
    await expect.poll(() => gateway.admission.stats.held).toBe(0)
    expect(gateway.variants.stats).toMatchObject({ flights: 0, memoryEntries: 0 })
    expect(await gateway.verbs()).not.toContain('put')
  })
})

describe('while the bucket is away', () => {
  test('memory hits go on, marked as provisional; everything else is 502; and all recovers by itself', async () => {
    const gateway = await start({ HALFTONE_LOOKUP_TTL_MS: '0' })
    const first = await gateway.fetch(PATH)
    const path = first.headers.get('content-location') ?? ''
    await gateway.verbs()
    gates.setAway(true)
    await gateway.journal.read()
    expect(gateway.readiness.check().ready).toBe(false)
    expect((await gateway.fetch('/readyz')).status).toBe(503)
    expect((await gateway.fetch('/livez')).status).toBe(200)

    const hit = await gateway.fetch(PATH)
    expect([hit.status, hit.headers.get('cache-status')]).toEqual([200, 'memory; hit'])
    expect(hit.headers.get('cache-control')).toBe('public, max-age=5, stale-if-error=0')
    const versioned = await gateway.fetch(path)
    expect([versioned.status, versioned.headers.get('cache-status')]).toEqual([200, 'memory; hit'])

    const cold = await gateway.fetch('/img/items/42/320.webp')
    expect([cold.status, cold.headers.get('cache-control')]).toEqual([502, 'no-store'])
    expect(await cold.json()).toMatchObject({ code: 'bucket_unreachable' })

    gates.setAway(false)
    await gateway.journal.read()
    expect((await gateway.fetch('/readyz')).status).toBe(200)
    expect((await gateway.fetch('/img/items/42/320.webp')).status).toBe(200)
  })

  test('a picture that cannot be stored is served all the same', async () => {
    const gateway = await start()
    const write = gates.hold('put', () => true)
    expect((await gateway.fetch(PATH)).status).toBe(200)
    await write.reached
    gates.setAway(true)
    expect(await cacheStatus(gateway.fetch(PATH))).toBe('memory; hit')
    gates.setAway(false)
    write.release()
    expect(await gateway.verbs()).toContain('put')
  })
})

describe('two replicas on one bucket', () => {
  test('what is purged through one is no longer served by the other, once it has read the journal', async () => {
    const [one, other] = [await start(), await start()]
    for (const gateway of [one, other]) await gateway.fetch(PATH)
    const old = (await other.fetch(PATH)).headers.get('content-location') ?? ''
    await one.verbs()
    await forget(bucket, ['photos/a.jpg'], async () => {
      await bucket.put('photos/a.jpg', await plainJpeg('#0000ff'), { contentType: 'image/jpeg' })
    })
    await other.journal.read()
    const answer = await other.fetch(PATH)
    const [red = 0, , blue = 0] = await middleColour(Buffer.from(await answer.arrayBuffer()))
    expect(blue).toBeGreaterThan(red)
    expect((await other.fetch(old)).status).toBe(302)
  })

  test('a replica whose journal is behind looks at the source before it serves a version from memory', async () => {
    const gateway = await start({ HALFTONE_JOURNAL_MAX_LAG_MS: '100', HALFTONE_LOOKUP_TTL_MS: '0' })
    const path = (await gateway.fetch(PATH)).headers.get('content-location') ?? ''
    await gateway.verbs()
    await expect.poll(() => gateway.journal.behind).toBe(true)
    expect((await gateway.fetch(path)).headers.get('cache-status')).toBe('memory; hit')
    expect(await gateway.verbs()).toEqual(['head'])
    await bucket.delete(['photos/a.jpg', path.slice(1)])
    expect((await gateway.fetch(path)).status).toBe(404)
  })
})
