import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { type FaultyBucket, openFaultyBucket } from '../support/faulty-bucket.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { createTestGateway } from '../support/gateway.ts'
import { photoOf, pictureForm } from '../support/journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { readAlbum } from '../sweep/sweeping.ts'

const API = {
  HALFTONE_JWT_SECRETS: TOKEN_SECRET,
  HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
  HALFTONE_LIMIT_PRIVATE_RENDERS: '0',
}
const WARM = '/img/photos/warm.jpg/16.webp'

let origin: RunningOrigin
let bucket: FaultyBucket
let ana: string

beforeAll(async () => {
  origin = await startOrigin()
  bucket = await openFaultyBucket(origin, API)
  ana = await tokenOf('ana')
  const store = openOrigin(origin)
  await store.put('photos/warm.jpg', await plainJpeg('red', 64, 48), { contentType: 'image/jpeg' })
  store.close()
})
afterAll(async () => {
  await bucket.close()
  await origin.stop()
})

const status = async (target: string) => (await bucket.gateway.fetch(target)).status

/** Sends a picture of one colour as the only photo of an item of its own; whether that was acknowledged. */
async function send(itemId: string, red: number): Promise<boolean> {
  const answer = await bucket.gateway.fetch(`/api/v1/items/${itemId}/photos`, {
    method: 'POST',
    headers: { authorization: ana },
    body: pictureForm(await plainJpeg(`rgb(${red} 0 0)`, 64, 48)),
  })
  if (answer.ok) {
    await photoOf(answer)
    return true
  }
  // Whoever sent it is told to come again, and that it is not their fault.
  expect([409, 502, 503, 504], await answer.text()).toContain(answer.status)
  return false
}

/** The red of an item's only photo, as a gateway without faults shows it. */
async function redOf(gateway: Pick<FaultyBucket['gateway'], 'fetch'>, itemId: string): Promise<number> {
  const answer = await gateway.fetch(`/img/items/${itemId}/16.png`)
  if (answer.status !== 200) throw new Error(`${itemId}: ${answer.status}`)
  const [red = NaN] = await middleColour(new Uint8Array(await answer.arrayBuffer()))
  return red
}

test('a bucket that is away: memory goes on, nothing is asked but by trials, and all works when it is back', async () => {
  const { proxy, gateway, store } = bucket
  expect(await status(WARM)).toBe(200)
  expect(await send('before', 100)).toBe(true)
  await proxy.leave()
  const { reads } = store.health.circuits
  const hits: number[] = []
  const misses: number[] = []
  // Until its pauses are as long as they get: from then on a minute is like the next second.
  await vi.waitFor(
    async () => {
      hits.push(await status(WARM))
      misses.push(await status(`/img/photos/none-${misses.length}.jpg/16.webp`))
      expect(reads.state).toBe('open')
      expect(misses.length).toBeGreaterThan(60)
    },
    { timeout: 20_000, interval: 20 },
  )
  expect(await send('during', 100)).toBe(false)
  expect(gateway.readiness.check()).toEqual({ ready: false, reason: 'the bucket does not answer' })
  expect(new Set(hits)).toEqual(new Set([200]))
  expect(new Set(misses)).toEqual(new Set([502]))
  expect(reads.counts.refused).toBeGreaterThan(misses.length / 2)
  await proxy.comeBack()
  await vi.waitFor(() => expect(gateway.readiness.check().ready).toBe(true), { timeout: 10_000 })
  expect(await status(WARM)).toBe(200)
  await vi.waitFor(async () => expect(await send('after', 100)).toBe(true), {
    timeout: 10_000,
    interval: 100,
  })
  expect(await redOf(gateway, 'before')).toBeCloseTo(100, -1)
})

/** What happens to every fifth request, in turn. */
const TROUBLE: readonly Fault[] = [
  'lose-answer',
  { status: 500, code: 'InternalError' },
  'reset',
  { body: 'cut' },
  { status: 503, code: 'SlowDown' },
  { body: 'flipped' },
  'drop',
]

test('uploads amid faults: what was acknowledged is there, with its own pixels', async () => {
  const { proxy } = bucket
  let turn = 0
  proxy.decide = () => {
    turn += 1
    return (turn % 5 === 0 ? TROUBLE[(turn / 5) % TROUBLE.length] : undefined) ?? 'pass'
  }
  const acknowledged = new Map<string, number>()
  await Promise.all(
    Array.from({ length: 5 }, async (_, index) => {
      const [itemId, red] = [`troubled-${index}`, 20 + index * 40]
      for (let attempt = 0; attempt < 4; attempt += 1) {
        if (await send(itemId, red)) return acknowledged.set(itemId, red)
      }
      return undefined
    }),
  )
  proxy.decide = () => 'pass'
  // Or this would show nothing.
  expect(acknowledged.size).toBeGreaterThan(0)
  const direct = openOrigin(origin)
  const clean = await createTestGateway({ store: direct })
  try {
    for (const [itemId, red] of acknowledged) {
      expect(Math.abs((await redOf(clean, itemId)) - red), itemId).toBeLessThan(5)
      // Sent again after an answer that was lost, it may be there twice; never without its record.
      expect((await readAlbum(direct, itemId)).photos.length, itemId).toBeGreaterThan(0)
    }
  } finally {
    await clean.close()
    direct.close()
  }
}, 120_000)

test('a clock that is an hour off: refused once, then signed by the time that the bucket tells', async () => {
  const ahead = await startOrigin({ aheadMs: 3_600_000 })
  const skewed = await openFaultyBucket(ahead)
  // Node writes this header by a clock that cannot be set.
  skewed.proxy.decide = () => ({ headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } })
  try {
    const bytes = await plainJpeg('red', 64, 48)
    await skewed.store.put('photos/a.jpg', bytes, { contentType: 'image/jpeg' })
    expect(skewed.store.clockSkewMs()).toBeGreaterThan(3_500_000)
    expect((await skewed.gateway.fetch('/img/photos/a.jpg/16.webp')).status).toBe(200)
    await skewed.gateway.journal.read()
    expect(skewed.gateway.readiness.check().ready).toBe(true)
    const { reads, writes } = skewed.store.health.circuits
    expect([reads.counts.opened, writes.counts.opened]).toEqual([0, 0])
  } finally {
    await skewed.close()
    await ahead.stop()
  }
})

test('a name that cannot be resolved: told at once, and the circuit opens', async () => {
  const store = createS3ObjectStore({
    bucket: 'bucket',
    region: 'us-east-1',
    endpoint: 'http://bucket.invalid',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    forcePathStyle: true,
    maxAttempts: 1,
  })
  try {
    for (let key = 0; key < 5; key += 1) {
      await expect(store.get(`a-${key}`)).rejects.toMatchObject({ code: 'bucket_unreachable' })
    }
    expect(store.health.circuits.reads.state).toBe('open')
  } finally {
    store.close()
  }
})
