import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { ANY_WISH } from '../../src/http/negotiation.ts'
import { createOffLadderBudget } from '../../src/limits/off-ladder-budget.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import type { ImageRequest, SourcePath } from '../../src/urls/image-request.ts'
import { signRest } from '../../src/urls/signature.ts'
import type { Answer, DeliverOptions, OffLadder } from '../../src/variants/answer.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem, setAccess } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

const SOURCE = { shape: 'key', path: 'photos/a.jpg' } as const satisfies SourcePath
const UNLIMITED = { client: 0, source: 0 }
/** Writes under way at once, of each replica: so many may not have been seen by another. */
const UNDER_WAY = 8

let bucket: ObjectStore
const gateways: TestGateway[] = []

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000', 900, 600), { contentType: 'image/jpeg' })
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map(async (gateway) => gateway.close()))
})

async function start(environment: Record<string, string> = {}, store = bucket): Promise<TestGateway> {
  const gateway = await createTestGateway({ store, environment })
  gateways.push(gateway)
  return gateway
}

/** A budget whose time passes when a test says so. */
function openBudget(perMinute: { client: number; source: number }) {
  let nowMs = 1_800_000_000_000
  const budget = createOffLadderBudget({ perMinute, now: () => nowMs })
  return {
    of: (address: string): OffLadder => budget.of({ address, setHeader: () => {} }),
    pass: (ms: number) => void (nowMs += ms),
  }
}

const widthOf = (width: number, source: SourcePath = SOURCE): ImageRequest => ({
  source,
  preset: false,
  spec: { fit: 'width', width, format: 'webp' },
})

const ANYBODY: DeliverOptions['visitor'] = {
  admit: async (source) => {
    if (source === undefined) throw new GatewayError('source_not_found', 'There is no such picture')
    return source
  },
  beforeRender: async () => {},
}

/** What a dialect that takes any size does with a size off the ladder; without a budget, with one on it. */
async function ask(gateway: TestGateway, request: ImageRequest, offLadder?: OffLadder): Promise<Answer> {
  const signal = AbortSignal.timeout(60_000)
  const options = { mayRender: true, offLadder, visitor: ANYBODY, signal }
  const delivered = await gateway.negotiated.deliver(request, ANY_WISH.acceptance, options)
  if ('moved' in delivered) throw new Error('It was there before')
  return delivered
}

async function keysIn(store: ObjectStore, prefix = 'img/'): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

async function countOf(gateway: TestGateway, name: string, outcome: string): Promise<number> {
  const metric = await gateway.metrics.registry.getSingleMetric(name)?.get()
  return metric?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0
}

const TOO_MANY = { code: 'too_many_requests', status: 429 }

describe('what is stored', () => {
  test('of 200 sizes that two replicas are asked for is little; the ladder is not counted', async () => {
    const origin = await startOrigin()
    const stores = [openOrigin(origin), openOrigin(origin)] as const
    onTestFinished(async () => {
      await Promise.all(gateways.splice(0).map(async (gateway) => gateway.close()))
      for (const store of stores) store.close()
      await origin.stop()
    })
    // Noise, so that bytes are many.
    const noise = await sharp(randomBytes(64 * 48 * 3), { raw: { width: 64, height: 48, channels: 3 } })
      .png()
      .toBuffer()
    await stores[0].put('photos/a.jpg', noise, { contentType: 'image/png' })
    const environment = { HALFTONE_MEMORY_MB: '1', HALFTONE_QUEUE_LENGTH: '1000' }
    const replicas = [await start(environment, stores[0]), await start(environment, stores[1])]
    const budget = openBudget(UNLIMITED)
    const widths = Array.from({ length: 200 }, (_, index) => 2_601 + index)
    for (let at = 0; at < widths.length; at += 10) {
      await Promise.all(
        replicas.flatMap((replica) =>
          widths.slice(at, at + 10).flatMap((width) =>
            [1, 2].map(async () => {
              const answer = await ask(replica, widthOf(width), budget.of('192.0.2.1'))
              expect(answer.etag).toContain(`-${width}.webp`)
            }),
          ),
        ),
      )
    }
    for (const width of [320, 480, 640]) for (const replica of replicas) await ask(replica, widthOf(width))
    for (const replica of replicas) await replica.writeBack.drain()

    const stored = (await keysIn(stores[0])).map((key) => Number(/(\d+)\.webp$/.exec(key)?.[1]))
    const offLadder = stored.filter((width) => width > 2_600)
    expect(offLadder.length).toBeGreaterThanOrEqual(32)
    expect(offLadder.length).toBeLessThanOrEqual(32 + UNDER_WAY)
    expect(stored.filter((width) => width < 2_600).toSorted((a, b) => a - b)).toEqual([320, 480, 640])
    for (const replica of replicas) {
      expect(replica.variants.stats.memoryBytes).toBeLessThanOrEqual(1024 * 1024)
      expect(await countOf(replica, 'halftone_writes_total', 'surplus')).toBeGreaterThan(150)
      expect(await countOf(replica, 'halftone_off_ladder_total', 'granted')).toBeGreaterThan(150)
    }
  }, 120_000)

  test('is nothing with HALFTONE_OFF_LADDER_STORED=0, and is made again from memory or anew', async () => {
    const gateway = await start({ HALFTONE_OFF_LADDER_STORED: '0' })
    const budget = openBudget(UNLIMITED)
    expect(await ask(gateway, widthOf(401), budget.of('192.0.2.1'))).toMatchObject({
      layer: 'render',
      cacheClass: "B'",
    })
    expect(await gateway.verbs()).toEqual(['head', 'get', 'get', 'head'])
    expect((await ask(gateway, widthOf(401), budget.of('192.0.2.1'))).layer).toBe('memory')
    gateway.variants.forgetAll()
    expect((await ask(gateway, widthOf(401), budget.of('192.0.2.1'))).layer).toBe('render')
    await gateway.writeBack.drain()
    expect(await keysIn(bucket)).toEqual([])
  })

  test('makes room again when the source is purged', async () => {
    const gateway = await start({ HALFTONE_OFF_LADDER_STORED: '1' })
    const budget = openBudget(UNLIMITED)
    for (const width of [401, 402]) await ask(gateway, widthOf(width), budget.of('192.0.2.1'))
    await gateway.writeBack.drain()
    const before = await keysIn(bucket)
    expect(before).toHaveLength(1)
    await bucket.delete(before)
    gateway.forget(['photos/a.jpg'])
    await ask(gateway, widthOf(403), budget.of('192.0.2.1'))
    await gateway.writeBack.drain()
    expect(await keysIn(bucket)).toEqual([expect.stringMatching(/\/403\.webp$/)])
  })
})

describe('a budget that is spent', () => {
  test('is answered with the next larger picture, for a few seconds, and with the picture when there is some again', async () => {
    const gateway = await start()
    const budget = openBudget({ client: 2, source: 0 })
    for (const width of [640, 828, 1200]) await ask(gateway, widthOf(width))
    for (const width of [301, 302]) await ask(gateway, widthOf(width), budget.of('192.0.2.1'))
    await gateway.verbs()
    gateway.forget(['photos/a.jpg'])

    const standIn = await ask(gateway, widthOf(801), budget.of('192.0.2.1'))
    // The source, the picture that is not there, the listing, and the one in its place.
    expect(await gateway.verbs()).toEqual(['head', 'get', 'list', 'get'])
    expect(standIn).toMatchObject({ standIn: 'larger', cacheClass: 'O', layer: 'bucket' })
    expect(standIn.canonical).toBeUndefined()
    expect(standIn.etag).toContain('-828.webp"')
    expect(standIn.variant).toEqual((await ask(gateway, widthOf(828))).variant)
    expect((await ask(gateway, widthOf(801), budget.of('192.0.2.1'))).layer).toBe('memory')
    expect(await gateway.verbs()).toEqual(['get'])
    expect(await keysIn(bucket)).not.toContainEqual(expect.stringMatching(/\/801\.webp$/))

    budget.pass(30_000)
    const made = await ask(gateway, widthOf(801), budget.of('192.0.2.1'))
    expect(made).toMatchObject({ layer: 'render', cacheClass: "B'" })
    expect(made.standIn).toBeUndefined()
    await gateway.writeBack.drain()
    expect(await keysIn(bucket)).toContainEqual(expect.stringMatching(/\/801\.webp$/))
    expect(await countOf(gateway, 'halftone_off_ladder_total', 'granted')).toBe(3)
    expect(await countOf(gateway, 'halftone_off_ladder_total', 'stood-in')).toBe(2)
  })

  test('is a refusal where nothing can stand in; the ladder and what is there cost nothing', async () => {
    const gateway = await start()
    const budget = openBudget({ client: 0, source: 1 })
    await ask(gateway, widthOf(301), budget.of('192.0.2.1'))
    await expect(ask(gateway, widthOf(801), budget.of('192.0.2.2'))).rejects.toMatchObject(TOO_MANY)
    expect((await ask(gateway, widthOf(301), budget.of('192.0.2.3'))).layer).toBe('memory')
    expect((await ask(gateway, widthOf(320))).layer).toBe('render')
    expect(await countOf(gateway, 'halftone_off_ladder_total', 'refused')).toBe(1)
  })

  test('finds what is only in memory, and passes over what has gone from the bucket', async () => {
    const gateway = await start({ HALFTONE_OFF_LADDER_STORED: '0' })
    const budget = openBudget({ client: 2, source: 0 })
    for (const width of [640, 1200]) await ask(gateway, widthOf(width))
    await gateway.writeBack.drain()
    for (const width of [301, 302]) await ask(gateway, widthOf(width), budget.of('192.0.2.1'))
    const standIn = async () => specOf(await ask(gateway, widthOf(501), budget.of('192.0.2.1')))
    expect(await standIn()).toBe('640.webp')
    const rich = openBudget(UNLIMITED)
    await ask(gateway, widthOf(511), rich.of('192.0.2.9'))
    expect(await standIn()).toBe('511.webp')
    gateway.variants.forgetAll()
    const small = (await keysIn(bucket)).find((key) => key.endsWith('/640.webp'))
    await bucket.delete([small ?? ''])
    await expect(standIn()).rejects.toMatchObject(TOO_MANY)
    // It is seen after a while, as others' pictures are.
    gateway.forget(['photos/a.jpg'])
    expect(await standIn()).toBe('1200.webp')
  })
})

const specOf = ({ etag }: Answer) => etag.slice(1, -1).split('-').at(-1)

describe('a flight', () => {
  test('that many join costs one render', async () => {
    const gateway = await start()
    const budget = openBudget({ client: 1, source: 1 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => ask(gateway, widthOf(401), budget.of(`192.0.2.${n}`))),
    )
    const layers = answers.map(({ layer }) => layer).toSorted()
    expect(layers).toEqual([...Array.from({ length: 19 }, () => 'collapsed'), 'render'])
    expect(await countOf(gateway, 'halftone_off_ladder_total', 'granted')).toBe(1)
    // The source's is spent, that of the other clients is not.
    await expect(ask(gateway, widthOf(402), budget.of('192.0.2.5'))).rejects.toMatchObject(TOO_MANY)
    budget.pass(60_000)
    expect((await ask(gateway, widthOf(402), budget.of('192.0.2.5'))).layer).toBe('render')
  })

  test('of somebody who has nothing left is not the end for those who have, or need none', async () => {
    const gateway = await start()
    const budget = openBudget({ client: 1, source: 0 })
    await ask(gateway, widthOf(401), budget.of('192.0.2.1'))
    const [poor, rich, signed, again] = await Promise.allSettled([
      ask(gateway, widthOf(402), budget.of('192.0.2.1')),
      ask(gateway, widthOf(402), budget.of('192.0.2.2')),
      ask(gateway, widthOf(402)),
      ask(gateway, widthOf(402), budget.of('192.0.2.1')),
    ])
    expect([poor.status, rich.status, signed.status, again.status]).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    expect(poor).toMatchObject({ reason: TOO_MANY })
  })

  test('of what is known not to be a picture costs nothing', async () => {
    const gateway = await start()
    await bucket.put('photos/b.jpg', Buffer.from('no picture'), { contentType: 'image/jpeg' })
    const broken: SourcePath = { shape: 'key', path: 'photos/b.jpg' }
    const budget = openBudget({ client: 2, source: 0 })
    for (const width of [401, 402, 403, 404]) {
      const asked = ask(gateway, widthOf(width, broken), budget.of('192.0.2.1'))
      await expect(asked).rejects.toMatchObject({ code: 'source_not_a_picture' })
    }
    expect((await ask(gateway, widthOf(401), budget.of('192.0.2.1'))).layer).toBe('render')
    await expect(ask(gateway, widthOf(402), budget.of('192.0.2.1'))).rejects.toMatchObject(TOO_MANY)
  })
})

test('of a source that is not public only its own tree stands in, and no cache keeps it', async () => {
  await putItem(bucket, '42', ['#00ff00'])
  await setAccess(bucket, '42', 'private')
  const gateway = await start({ HALFTONE_OFF_LADDER_STORED: '1' })
  const photo: SourcePath = { shape: 'item-photo', path: 'items/42/photos/p1', itemId: '42', photoId: 'p1' }
  const budget = openBudget({ client: 2, source: 0 })
  await ask(gateway, widthOf(640, photo))
  for (const width of [301, 302]) await ask(gateway, widthOf(width, photo), budget.of('192.0.2.1'))
  await gateway.writeBack.drain()
  expect(await ask(gateway, widthOf(401, photo), budget.of('192.0.2.1'))).toMatchObject({
    standIn: 'larger',
    cacheClass: 'D',
    tags: '',
  })
  expect(await keysIn(bucket)).toEqual([])
  expect(await keysIn(bucket, 'private/')).toHaveLength(2)
})

describe('over HTTP', () => {
  const KEY = 'a key that signs targets'
  const environment = {
    HALFTONE_OFF_LADDER_PER_CLIENT: '2',
    HALFTONE_SIGNING_KEYS: KEY,
    HALFTONE_TRUSTED_HOPS: '1',
  }
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const blurred = (size: string, blur: number) => `/img/photos/a.jpg/${size},blur=${blur}.webp`

  test('options of many values draw on the budget of the client', async () => {
    const gateway = await start(environment)
    for (const blur of [3, 4])
      expect((await gateway.fetch(blurred('640', blur), from('192.0.2.1'))).status).toBe(200)
    const refused = await gateway.fetch(blurred('320', 5), from('192.0.2.1'))
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([429, 'no-store'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests' })
    // Somebody else, the ladder, what is there, and what is signed.
    expect((await gateway.fetch(blurred('320', 6), from('192.0.2.2'))).status).toBe(200)
    for (const target of [
      '/img/photos/a.jpg/320.webp',
      '/img/photos/a.jpg/320,flip=h.webp',
      blurred('640', 3),
    ])
      expect((await gateway.fetch(target, from('192.0.2.1'))).status).toBe(200)
    const rest = 'photos/a.jpg/320,blur=7.webp'
    expect((await gateway.fetch(`/simg/${signRest(rest, KEY)}/${rest}`, from('192.0.2.1'))).status).toBe(200)
  })

  test.each([
    ['without a version', (at: string) => at.replace(/@[^/]+\//, '')],
    ['with one', (at: string) => at],
  ])('the larger picture stands in %s, and says so', async (_, pathOf) => {
    const gateway = await start(environment)
    const large = await gateway.fetch(blurred('640', 3), from('192.0.2.1'))
    await gateway.fetch(blurred('640', 4), from('192.0.2.1'))
    const target = pathOf((large.headers.get('content-location') ?? '').replace('640,', '320,'))
    const standIn = await gateway.fetch(target, from('192.0.2.1'))
    expect(standIn.status).toBe(200)
    expect(standIn.headers.get('cache-control')).toBe('public, max-age=5, stale-if-error=0')
    expect(standIn.headers.get('cache-status')).toBe('memory; hit; detail=stand-in')
    expect(standIn.headers.get('etag')).toBe(large.headers.get('etag'))
    expect(standIn.headers.has('content-location')).toBe(false)
    expect(Buffer.from(await standIn.arrayBuffer()).equals(Buffer.from(await large.arrayBuffer()))).toBe(true)

    const ifNoneMatch = { 'if-none-match': standIn.headers.get('etag') ?? '' }
    const headers = { ...from('192.0.2.1').headers, ...ifNoneMatch }
    expect((await gateway.fetch(target, { headers })).status).toBe(304)
    const made = await gateway.fetch(target, { headers: { ...headers, ...from('192.0.2.2').headers } })
    expect([made.status, made.headers.get('etag')]).toEqual([
      200,
      large.headers.get('etag')?.replace('640,', '320,'),
    ])
  })
})
