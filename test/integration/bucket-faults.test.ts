import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { codeOf } from '../support/api.ts'
import { type FaultyBucket, openFaultyBucket } from '../support/faulty-bucket.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { createTestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { keysUnder } from '../sweep/sweeping.ts'

/** Pictures that are asked for the first time while a fault holds. */
const PICTURES = 4
/** How often each of them is asked for meanwhile: clients come again. */
const ROUNDS = 2
/** What a picture that is not stored takes: the look-up, the look for the variant, the source. */
const CALLS = 3
/** Retries that are saved up, and those that time brings while a fault holds. */
const RETRIES = 30

/** How long is waited for a bucket that answers again. */
const BOUND = { timeout: 20_000, interval: 50 }

const WARM = '/img/photos/warm.jpg/16.webp'

let origin: RunningOrigin
let bucket: FaultyBucket
let file: Buffer

beforeAll(async () => {
  origin = await startOrigin()
  // What is refused here the circuit refuses, and nothing before it.
  bucket = await openFaultyBucket(origin, { HALFTONE_LOOKUP_QUEUE_LENGTH: '1000' })
  file = await plainJpeg('rgb(200 40 40)', 64, 48)
  await put('photos/warm.jpg')
  await bucket.gateway.fetch(WARM)
})
afterAll(async () => {
  await bucket.close()
  await origin.stop()
})

/** Past the proxy, as those do whom no fault concerns. */
async function put(...keys: string[]): Promise<void> {
  const store = openOrigin(origin)
  await Promise.all(keys.map((key) => store.put(key, file, { contentType: 'image/jpeg' })))
  store.close()
}

interface Seen {
  readonly status: number
  readonly code: string | undefined
  readonly cacheControl: string | null
  readonly retryAfter: string | null
}

async function look(target: string): Promise<Seen> {
  const answer = await bucket.gateway.fetch(target)
  const code = answer.ok ? undefined : await codeOf(answer)
  const { status, headers } = answer
  return {
    status,
    code,
    cacheControl: headers.get('cache-control'),
    retryAfter: headers.get('retry-after'),
  }
}

/** Requests that have come to the bucket, but those for the journal: time brings these. */
const requestsFor = (prefix: string) => bucket.proxy.requests.filter((line) => line.includes(prefix)).length

const lookAtAll = async (targets: readonly string[]) => Promise.all(targets.map(look))
const statusesOf = (seen: readonly Seen[]) => new Set(seen.map(({ status }) => status))

/** Asks for new pictures again and again while the fault holds, and for one that memory has; then without the fault. */
async function live(name: string, decide: FaultyBucket['proxy']['decide']) {
  const keys = Array.from({ length: PICTURES }, (_, picture) => `photos/${name}-${picture}.jpg`)
  await put(...keys)
  const targets = keys.map((key) => `/img/${key}/16.webp`)
  const { proxy, gateway, store } = bucket
  const before = requestsFor('photos/')
  const openedBefore = store.health.circuits.reads.counts.opened
  proxy.decide = decide
  const misses: Seen[] = []
  const hits: Seen[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    misses.push(...(await lookAtAll(targets)))
    hits.push(...(await lookAtAll([WARM, WARM])))
  }
  const requests = requestsFor('photos/') - before
  const opened = store.health.circuits.reads.counts.opened - openedBefore
  proxy.decide = () => 'pass'
  const healed = await vi.waitFor(async () => {
    const seen = await lookAtAll([...targets, WARM])
    expect(statusesOf(seen)).toEqual(new Set([200]))
    return seen
  }, BOUND)
  await gateway.writeBack.drain()
  return { misses, hits, healed, requests, opened }
}

/** What fails for everything that is asked for: the bucket as such is not there. */
const AWAY: readonly (readonly [name: string, fault: Fault])[] = [
  ['no answer', 'silence'],
  ['reset connections', 'reset'],
  ['lost answers', 'lose-answer'],
  ['500', { status: 500, code: 'InternalError' }],
  ['503 SlowDown', { status: 503, code: 'SlowDown' }],
  ['502 of a proxy in between', { status: 502 }],
]

describe('a bucket that is not there', () => {
  test.each(AWAY)('%s', async (name, fault) => {
    const { misses, hits, requests, opened } = await live(name.replaceAll(' ', '-'), () => fault)
    for (const { status, code, cacheControl, retryAfter } of misses) {
      expect(['502 bucket_unreachable', '504 timed_out']).toContain(code)
      expect(cacheControl).toBe('no-store')
      expect(retryAfter).toBe(status === 502 ? '1' : null)
    }
    expect(statusesOf(hits)).toEqual(new Set([200]))
    expect(opened).toBeGreaterThan(0)
    // One wave at most, its retries, and trials: not one for each time that somebody asks.
    expect(requests).toBeLessThan(PICTURES + RETRIES)
  })
})

/** What spoils the answers of a bucket that is there. */
const SPOILT: readonly (readonly [name: string, fault: Fault])[] = [
  ['stuck amid the body', { body: 'stuck' }],
  ['truncated', { body: 'cut' }],
  ['one bit turned', { body: 'flipped' }],
  ['Content-Length too short', { lengthBy: -5 }],
  ['Content-Length too long', { lengthBy: 5 }],
  ['wrong checksum', { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }],
  ['wrong stamp', { headers: { 'x-amz-meta-halftone': 'v=1;crc32=00000000' } }],
]

describe('a bucket whose answers are spoilt', () => {
  test.each(SPOILT)('%s', async (name, fault) => {
    const { misses, hits, requests } = await live(name.replaceAll(' ', '-'), () => fault)
    for (const { status, cacheControl } of misses) {
      expect([502, 504]).toContain(status)
      expect(cacheControl).toBe('no-store')
    }
    expect(statusesOf(hits)).toEqual(new Set([200]))
    expect(requests).toBeLessThan(ROUNDS * (CALLS * PICTURES + 2) + RETRIES)
  })

  test('slow', async () => {
    const { misses, hits, opened } = await live('slow', () => ({ delayMs: 100 }))
    expect(statusesOf([...misses, ...hits])).toEqual(new Set([200]))
    expect(opened).toBe(0)
  })
})

describe('a bucket that refuses', () => {
  test.each(['AccessDenied', 'InvalidAccessKeyId', 'RequestTimeTooSkewed'])('403 %s', async (code) => {
    const { misses, hits, requests, opened } = await live(code, () => ({ status: 403, code }))
    for (const miss of misses)
      expect(miss).toMatchObject({ status: 502, code: '502 bucket_refused', cacheControl: 'no-store' })
    expect(statusesOf(hits)).toEqual(new Set([200]))
    // Nothing that waiting would cure, so it is asked each time, but never twice for one answer.
    expect(opened).toBe(0)
    expect(requests).toBeLessThan(ROUNDS * (PICTURES + 2) + RETRIES)
  })
})

/** What happens to writes alone. */
const WRITES: readonly (readonly [name: string, fault: Fault])[] = [
  ['their answers lost', 'lose-answer'],
  ['cut amid the body', 'drop'],
  ['500', { status: 500, code: 'InternalError' }],
  ['no answer', 'silence'],
]

describe('a bucket that takes nothing', () => {
  test.each(WRITES)('%s', async (name, fault) => {
    const { misses, hits, opened } = await live(`writes-${name.replaceAll(' ', '-')}`, ({ method }) =>
      method === 'PUT' ? fault : 'pass',
    )
    expect(statusesOf([...misses, ...hits])).toEqual(new Set([200]))
    // Whatever becomes of writes, reading goes on.
    expect(opened).toBe(0)
  })
})

/** As many as are let in at once to look something up: of more, the rest is refused before the bucket is asked. */
const CROWD = 160

test('a crowd that misses at once is not multiplied by retries, and while the circuit is open none are sent', async () => {
  const { proxy, store } = bucket
  proxy.decide = () => ({ status: 503, code: 'SlowDown' })
  const crowd = (wave: string) =>
    Array.from({ length: CROWD }, (_, one) => `/img/photos/${wave}-${one}.jpg/16.webp`)
  const before = requestsFor('photos/')
  const firstWave = await lookAtAll(crowd('first'))
  const first = requestsFor('photos/') - before
  const refusedBefore = store.health.circuits.reads.counts.refused
  const secondWave = await lookAtAll(crowd('second'))
  const refused = store.health.circuits.reads.counts.refused - refusedBefore
  proxy.decide = () => 'pass'
  // On a machine that is busy the proxy may be too late.
  for (const { status } of [...firstWave, ...secondWave]) expect([502, 503, 504]).toContain(status)
  expect(firstWave.filter(({ status }) => status === 502).length).toBeGreaterThan(0)
  expect(first).toBeLessThan(CROWD + RETRIES)
  expect(refused).toBeGreaterThan(CROWD - RETRIES)
  await vi.waitFor(async () => {
    await bucket.gateway.journal.read()
    expect(store.health.circuits.reads.state).toBe('closed')
  }, BOUND)
})

test('turns of the circuit and the budget are told to log and metrics', async () => {
  const { gateway, store, complaints } = bucket
  const { reads } = store.health.circuits
  await vi.waitFor(() => expect(reads.state).toBe('closed'), BOUND)
  const text = await gateway.metrics.registry.metrics()
  const lines = new Set(text.split('\n'))
  const expected = [
    'halftone_bucket_circuit{side="reads"} 0',
    `halftone_bucket_circuit_opened_total{side="reads"} ${reads.counts.opened}`,
    `halftone_bucket_refused_total{side="reads"} ${reads.counts.refused}`,
  ]
  expect(expected.filter((line) => !lines.has(line))).toEqual([])
  expect(/halftone_bucket_retries_total\{outcome="granted"\} [1-9]/.test(text)).toBe(true)
  const said = complaints.filter(({ msg }) => msg === 'the bucket does not answer: circuit open')
  expect(said.length).toBeGreaterThanOrEqual(reads.counts.opened)
})

test('after all this, everything that is stored is what a clean gateway renders', async () => {
  const direct = openOrigin(origin)
  const clean = await createTestGateway({ environment: { HALFTONE_SOURCES: 'photos/' } })
  try {
    await clean.bucket.put('photos/a.jpg', file, { contentType: 'image/jpeg' })
    const rendered = await clean.fetch('/img/photos/a.jpg/16.webp')
    expect(rendered.status).toBe(200)
    const bytes = { 'img/': Buffer.from(await rendered.arrayBuffer()), 'photos/': file }
    // All sources are of the same bytes, and all variants of the same spec.
    for (const [prefix, expected] of Object.entries(bytes)) {
      const keys = await keysUnder(direct, prefix)
      expect(keys.length).toBeGreaterThan(PICTURES * 15)
      for (const key of keys) {
        const stored = await direct.get(key)
        expect(stored.outcome === 'found' && stored.object.body.equals(expected), key).toBe(true)
      }
    }
  } finally {
    await clean.close()
    direct.close()
  }
})
