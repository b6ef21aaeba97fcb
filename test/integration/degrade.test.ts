import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { ANY_WISH } from '../../src/http/negotiation.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import type { SourcePath } from '../../src/urls/image-request.ts'
import type { DeliverOptions } from '../../src/variants/answer.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem, setAccess } from '../support/library.ts'

const BUSY = ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']
/** One worker has two slots; with so many places beside them half are taken from the fifth picture on. */
const PLACES = '4'
const HALF = 5
const ALL = 6

let bucket: ObjectStore
let gated: ReturnType<typeof gateStore>
let isListable: boolean
const gateways: TestGateway[] = []

beforeEach(async () => {
  // Of the tests' own work, which is in the same process, nothing is to be seen.
  const idle = { idle: 1, active: 0, utilization: 0 }
  vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue(idle)
  bucket = createMemoryObjectStore()
  const jpeg = await plainJpeg('#ff0000', 900, 600)
  for (const name of ['a', ...BUSY]) {
    await bucket.put(`photos/${name}.jpg`, jpeg, { contentType: 'image/jpeg' })
  }
  gated = gateStore(bucket)
  isListable = true
})
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(gateways.splice(0).map(async (gateway) => gateway.close()))
})

async function start(environment: Record<string, string> = {}): Promise<TestGateway> {
  const list: ObjectStore['list'] = (prefix, options) => {
    if (isListable || !prefix.includes('@')) return gated.store.list(prefix, options)
    throw new GatewayError('bucket_unreachable', 'The bucket does not answer')
  }
  const store = { ...gated.store, list }
  const gateway = await createTestGateway({
    store,
    environment: { HALFTONE_QUEUE_LENGTH: PLACES, ...environment },
  })
  gateways.push(gateway)
  return gateway
}

/** Keeps `count` pictures waiting for their sources until they are let go. */
async function keepBusy(gateway: TestGateway, count: number, width = 200) {
  const answers: Promise<Response>[] = []
  const gates = BUSY.slice(0, count).map((name) => gated.hold('get', (key) => key === `photos/${name}.jpg`))
  for (const [index, gate] of gates.entries()) {
    const file = `photos/${BUSY[index]}.jpg`
    // Of two dialects: none of them may take all places.
    const isNative = index % 2 === 0
    answers.push(
      gateway.fetch(
        isNative ? `/img/${file}/${width}.webp` : `/cdn-cgi/image/width=${width},format=webp/${file}`,
      ),
    )
    await gate.reached
  }
  await gateway.verbs()
  return async () => {
    for (const gate of gates) gate.release()
    return Promise.all(answers)
  }
}

async function storedSpecs(prefix = 'img/photos/a.jpg/'): Promise<string[]> {
  const names: string[] = []
  for await (const { key } of bucket.list(prefix)) names.push(key.slice(key.lastIndexOf('/') + 1))
  return names.toSorted()
}

async function degradedCounts(gateway: TestGateway): Promise<Record<string, number>> {
  const { values } = (await gateway.metrics.registry.getSingleMetric('halftone_degraded_total')?.get()) ?? {}
  return Object.fromEntries((values ?? []).map(({ labels, value }) => [labels['outcome'], value]))
}

const tell = ({ status, headers }: Response) => ({
  status,
  etag: headers.get('etag')?.split('-').at(-1),
  cacheControl: headers.get('cache-control'),
  cacheStatus: headers.get('cache-status'),
})

const FOR_NOW = 'public, max-age=5, stale-if-error=0'
const AVIF = { headers: { accept: 'image/avif,image/webp,*/*' } }

describe('when there is no place to wait', () => {
  test.each([
    ['a path without a version', '/img/photos/a.jpg/320.webp', {}, FOR_NOW],
    ['any size', '/img/photos/a.jpg/801.webp', { HALFTONE_SIZES: 'any' }, FOR_NOW],
    ["Cloudflare's", '/cdn-cgi/image/width=320,format=webp/photos/a.jpg', {}, FOR_NOW],
    ['auto', '/img/photos/a.jpg/320.auto', {}, 'private, max-age=10, stale-if-error=0'],
  ])('%s is answered with the next larger picture', async (_, target, environment, cacheControl) => {
    const gateway = await start(environment)
    const larger = target.includes('801') ? '828' : '640'
    for (const size of [larger, '1200']) {
      const made = target.replace('320', size).replace('801', size)
      expect((await gateway.fetch(made.replace('.auto', '.webp'), AVIF)).status).toBe(200)
    }
    await gateway.verbs()
    gateway.variants.forgetAll()
    const release = await keepBusy(gateway, ALL)
    const before = await storedSpecs()

    const standIn = await gateway.fetch(target, AVIF)
    expect(tell(standIn)).toMatchObject({
      status: 200,
      cacheControl,
      cacheStatus: 'memory; fwd=miss, bucket; hit; detail=stand-in',
    })
    expect(standIn.headers.get('etag')).toContain(`-${larger}`)
    expect(standIn.headers.has('content-location')).toBe(false)
    const again = await gateway.fetch(target, AVIF)
    expect(again.headers.get('cache-status')).toBe('memory; hit; detail=stand-in')
    expect(await degradedCounts(gateway)).toEqual({ larger: 2 })

    for (const { status } of await release()) expect(status).toBe(200)
    expect(await storedSpecs()).toEqual(before)
    const made = await gateway.fetch(target, AVIF)
    expect(made.headers.get('cache-status')).toBe('memory; fwd=miss, bucket; fwd=miss')
    expect(made.headers.get('etag')).not.toBe(standIn.headers.get('etag'))
  })

  test('a versioned path is, too, and every request that asks whether that has changed is answered by its own name', async () => {
    // All of it in one second: the source's, too.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    await bucket.put('photos/a.jpg', await plainJpeg('#00ff00', 900, 600), { contentType: 'image/jpeg' })
    const gateway = await start()
    const larger = await gateway.fetch('/img/photos/a.jpg/640.webp')
    const target = (larger.headers.get('content-location') ?? '').replace('640', '320')
    const release = await keepBusy(gateway, ALL)
    const standIn = await gateway.fetch(target)
    expect(tell(standIn)).toMatchObject({ status: 200, etag: '640.webp"', cacheControl: FOR_NOW })
    const ask = async (headers: Record<string, string>, method = 'GET') =>
      gateway.fetch(target, { method, headers })
    const etag = standIn.headers.get('etag') ?? ''
    const real = etag.replace('640', '320')
    expect(tell(await ask({ 'if-none-match': etag }))).toMatchObject({ status: 304, cacheControl: FOR_NOW })
    // Whoever has the right one need not be given another.
    const unchanged = await ask({ 'if-none-match': real })
    expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, real])
    expect((await ask({}, 'HEAD')).headers.get('content-length')).toBe(standIn.headers.get('content-length'))
    expect((await ask({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206)
    expect((await ask({ range: 'bytes=0-9', 'if-range': real })).status).toBe(200)

    await release()
    const byTime = { 'if-modified-since': standIn.headers.get('last-modified') ?? '' }
    expect(tell(await ask(byTime))).toMatchObject({ status: 200, etag: '320.webp"' })
    expect((await ask({ 'if-none-match': etag })).status).toBe(200)
  })

  test('one of another format stands in for what was negotiated', async () => {
    const gateway = await start()
    await gateway.fetch('/img/photos/a.jpg/640.jpg')
    await gateway.fetch('/img/photos/a.jpg/640.webp')
    const release = await keepBusy(gateway, ALL)
    expect(tell(await gateway.fetch('/img/photos/a.jpg/320.auto', AVIF)).etag).toBe('640.webp"')
    expect(tell(await gateway.fetch('/img/photos/a.jpg/320.auto')).etag).toBe('640.jpg"')
    expect((await gateway.fetch('/img/photos/a.jpg/320.avif', AVIF)).status).toBe(503)
    await release()
  })

  test('nothing stands in for what is nowhere: 503, and the bucket is listed once', async () => {
    const gateway = await start()
    const release = await keepBusy(gateway, ALL)
    const sizes = [16, 32, 48, 64, 96, 128, 160, 200, 256, 320]
    const refused = await Promise.all(
      sizes.map(async (size) => gateway.fetch(`/img/photos/a.jpg/${size}.webp`)),
    )
    for (const answer of refused) {
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([503, 'no-store'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect((await gateway.verbs()).toSorted()).toEqual(
      ['get', ...sizes.map(() => 'get'), 'head', 'list'].slice(1),
    )
    expect((await gateway.fetch('/img/photos/a.jpg/info.json')).status).toBe(503)
    expect(await gateway.verbs()).toEqual(['get'])
    expect(await degradedCounts(gateway)).toEqual({ refused: sizes.length + 1 })
    await release()
  })

  test('whoever fetches ahead of need is refused: the right picture is to be had later', async () => {
    const gateway = await start()
    await gateway.fetch('/img/photos/a.jpg/640.webp')
    const release = await keepBusy(gateway, HALF)
    const ahead = await gateway.fetch('/img/photos/a.jpg/320.webp', { headers: { priority: 'u=7' } })
    expect([ahead.status, await degradedCounts(gateway)]).toEqual([503, {}])
    await release()
  })

  test('a bucket that cannot be listed is no reason for another error', async () => {
    const gateway = await start()
    await gateway.fetch('/img/photos/a.jpg/640.webp')
    const release = await keepBusy(gateway, ALL)
    isListable = false
    const refused = await gateway.fetch('/img/photos/a.jpg/320.webp')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    await release()
  })

  test('of what is not public only its own tree stands in, and no cache keeps it', async () => {
    await putItem(bucket, '42', ['#00ff00'])
    await setAccess(bucket, '42', 'private')
    const gateway = await start()
    const source: SourcePath = {
      shape: 'item-photo',
      path: 'items/42/photos/p1',
      itemId: '42',
      photoId: 'p1',
    }
    const visitor: DeliverOptions['visitor'] = {
      admit: async (found) => found ?? Promise.reject(new Error('There is none')),
      beforeRender: async () => {},
    }
    const ask = async (width: number) => {
      const spec = { fit: 'width', width, format: 'webp' } as const
      const options = { mayRender: true, visitor, signal: AbortSignal.timeout(60_000) }
      return gateway.negotiated.deliver({ source, spec, preset: false }, ANY_WISH.acceptance, options)
    }
    await ask(640)
    await gateway.writeBack.drain()
    const release = await keepBusy(gateway, ALL)
    expect(await ask(320)).toMatchObject({ standIn: 'larger', cacheClass: 'D', tags: '' })
    await release()
    expect(await storedSpecs('img/items/')).toEqual([])
    expect(await storedSpecs('private/items/')).toEqual(['640.webp'])
  })
})

describe('when half of the places are taken', () => {
  test('a picture is made the quick way, kept in memory alone, and made anew when there is time', async () => {
    const gateway = await start()
    const release = await keepBusy(gateway, HALF)
    const quick = await gateway.fetch('/img/photos/a.jpg/320.avif')
    expect(tell(quick)).toEqual({
      status: 200,
      etag: '320,fast=1.avif"',
      cacheControl: FOR_NOW,
      cacheStatus: 'memory; fwd=miss, bucket; fwd=miss; detail=fast',
    })
    const again = await gateway.fetch('/img/photos/a.jpg/320.avif')
    expect(tell(again).cacheStatus).toBe('memory; hit; detail=fast')
    const conditional = { headers: { 'if-none-match': quick.headers.get('etag') ?? '' } }
    expect((await gateway.fetch('/img/photos/a.jpg/320.avif', conditional)).status).toBe(304)
    expect(await storedSpecs()).toEqual([])
    expect(await degradedCounts(gateway)).toEqual({ fast: 3 })

    await release()
    const made = await gateway.fetch('/img/photos/a.jpg/320.avif', conditional)
    expect(tell(made)).toMatchObject({ status: 200, etag: '320.avif"' })
    await gateway.writeBack.drain()
    expect(await storedSpecs()).toEqual(['320.avif'])
  })

  test('that one stands in where there is no place any more', async () => {
    const gateway = await start()
    const half = await keepBusy(gateway, HALF)
    expect(tell(await gateway.fetch('/img/photos/a.jpg/320.webp')).etag).toBe('320,fast=1.webp"')
    const gate = gated.hold('get', (key) => key === 'photos/b7.jpg')
    const last = gateway.fetch('/img/photos/b7.jpg/200.webp')
    await gate.reached
    expect(gateway.admission.stats.held).toBe(ALL)
    expect(tell(await gateway.fetch('/img/photos/a.jpg/320.webp'))).toMatchObject({
      etag: '320,fast=1.webp"',
      cacheStatus: 'memory; hit; detail=fast',
    })
    gate.release()
    await half()
    expect((await last).status).toBe(200)
  })

  test('facts, what is asked for so, and what is under way are made as they are', async () => {
    const gateway = await start()
    const gate = gated.hold('get', (key) => key === 'photos/a.jpg')
    const first = gateway.fetch('/img/photos/a.jpg/320.webp')
    await gate.reached
    const release = await keepBusy(gateway, HALF - 1)
    const joined = gateway.fetch('/img/photos/a.jpg/320.webp')
    gate.release()
    expect(tell(await first)).toMatchObject({ etag: '320.webp"' })
    expect(tell(await joined)).toMatchObject({
      etag: '320.webp"',
      cacheStatus: 'memory; fwd=miss; collapsed',
    })
    await release()
    const again = await keepBusy(gateway, HALF, 256)
    expect((await gateway.fetch('/img/photos/a.jpg/info.json')).status).toBe(200)
    const asked = await gateway.fetch('/img/photos/a.jpg/320,fast=1.jpg')
    expect(tell(asked)).toMatchObject({ status: 200, etag: '320,fast=1.jpg"' })
    expect(asked.headers.get('cache-status')).not.toContain('detail')
    expect(await degradedCounts(gateway)).toEqual({})
    await again()
  })
})
