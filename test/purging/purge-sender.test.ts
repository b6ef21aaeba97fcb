import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClock } from '../../src/leases/clock.ts'
import type { EdgeCall } from '../../src/purging/dispatch.ts'
import { findAskedPurge } from '../../src/purging/queue.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { type CloudFrontApiServer, startCloudFrontApi } from '../support/edge/cloudfront-api.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import { gateStore } from '../support/gated-store.ts'
import {
  createHandClock,
  type HandClock,
  itemsOf,
  keysUnder,
  openQueue,
  REPEAT_AFTER_MS,
  type TestQueue,
} from './sending.ts'

let store: ObjectStore
let clock: HandClock
let server: CloudFrontApiServer
const queues: TestQueue[] = []

beforeEach(async () => {
  store = createMemoryObjectStore()
  clock = createHandClock()
  server = await startCloudFrontApi({ clock: () => clock.now() })
})

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close()
  await server.close()
})

function open(options: Parameters<typeof openQueue>[1] = {}, of: Partial<{ clock: HandClock }> = {}) {
  const queue = openQueue({ store, clock, server, ...of }, options)
  queues.push(queue)
  return queue
}

test('a purge is sent at once, and again when nobody can have refilled the edge since, and not sooner', async () => {
  const queue = open()
  await queue.purge('items/42')
  const waitMs = await queue.sender.look()
  expect(itemsOf(server)).toEqual([['#item:42']])
  expect(await queue.status()).toMatchObject({ waiting: 0, sent: 1 })
  expect(waitMs).toBeGreaterThan(0)
  clock.advance(REPEAT_AFTER_MS - 1)
  await queue.sender.look()
  expect(itemsOf(server)).toHaveLength(1)
  clock.advance(1)
  await queue.sender.look()
  expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
  expect(await queue.status()).toEqual({ waiting: 0, sent: 0, oldestMs: 0 })
  expect(await keysUnder(store, 'system/purges/')).toEqual([])
  const [first, second] = server.invalidations.taken
  expect(first?.reference).not.toBe(second?.reference)
})

test('one item replaced twice gives two invalidations, each with its second', async () => {
  const queue = open()
  await queue.purge('items/42')
  await queue.sender.look()
  clock.advance(5000)
  await queue.handOver({ id: 'again', paths: ['items/42'] })
  await queue.sender.look()
  expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
  await queue.drain()
  expect(itemsOf(server)).toHaveLength(4)
  expect(new Set(server.invalidations.taken.map(({ reference }) => reference)).size).toBe(4)
})

test('what is handed over while a call cannot be made shares the next one, each thing once', async () => {
  const queue = open()
  await queue.purge('items/0')
  await queue.sender.look()
  for (const item of ['1', '2', '3', '3/photos/a', '1/photos/b']) await queue.purge(`items/${item}`)
  await queue.handOver({ id: 'twice', paths: ['items/2'] })
  expect(await queue.sender.look()).toBeLessThanOrEqual(1000)
  expect(itemsOf(server)).toHaveLength(1)
  clock.advance(1000)
  await queue.sender.look()
  expect(itemsOf(server)[1]?.toSorted()).toEqual(['#item:1', '#item:2', '#item:3'])
  expect(await queue.status()).toMatchObject({ waiting: 0, sent: 7 })
})

test('what was sent so late that nobody can have refilled the edge is sent once', async () => {
  const queue = open()
  await queue.purge('items/42')
  clock.advance(REPEAT_AFTER_MS)
  await queue.sender.look()
  expect(queue.calls).toMatchObject([{ outcome: 'taken', isLast: true }])
  expect(await queue.status()).toEqual({ waiting: 0, sent: 0, oldestMs: 0 })
})

describe('a refusal', () => {
  test.each([
    [400, 'TooManyInvalidationsInProgress', 'busy'],
    [400, 'Throttling', 'throttled'],
    [500, 'InternalError', 'unreachable'],
    [403, 'AccessDenied', 'denied'],
    [404, 'NoSuchDistribution', 'no-distribution'],
  ])(
    '%s %s loses nothing: it is tried again after longer and longer pauses',
    async (status, code, reason) => {
      const queue = open()
      server.invalidations.fail(5, status, code)
      await queue.purge('items/42')
      const pauses: number[] = []
      for (let attempt = 0; attempt < 5; attempt += 1) {
        pauses.push(await queue.sender.look())
        const state = await queue.status()
        expect(state).toMatchObject({ waiting: 1, refusal: { reason } })
        clock.advance(pauses.at(-1) ?? 0)
      }
      expect(pauses).toEqual([750, 1500, 3000, 6000, 12_000])
      await queue.drain()
      expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
      expect(await queue.status()).toEqual({ waiting: 0, sent: 0, oldestMs: 0 })
      expect(queue.calls.filter(({ outcome }) => outcome === reason)).toHaveLength(5)
    },
  )

  test('of a whole minute is met by the pace of before as soon as it is over', async () => {
    const queue = open()
    server.invalidations.fail(5, 503, 'ServiceUnavailable')
    await queue.purge('items/1')
    await queue.drain()
    await queue.purge('items/2')
    await queue.sender.look()
    expect(itemsOf(server).at(-1)).toEqual(['#item:2'])
  })

  test('whose answer was lost is repeated as the same call, and paid for once', async () => {
    const queue = open()
    server.misbehave('lose-answer', 1)
    await queue.purge('items/42')
    clock.advance(await queue.sender.look())
    await queue.sender.look()
    expect(queue.calls.map(({ outcome }) => outcome)).toEqual(['unreachable', 'taken'])
    expect(itemsOf(server)).toHaveLength(1)
  })

  test('whose answer was lost is never taken for the last call', async () => {
    const queue = open()
    server.misbehave('lose-answer', 1)
    await queue.purge('items/42')
    await queue.sender.look()
    clock.advance(REPEAT_AFTER_MS)
    await queue.sender.look()
    expect(itemsOf(server)).toHaveLength(2)
  })
})

test('an item that the edge will not take is set aside, and keeps nothing back', async () => {
  const queue = open()
  await queue.handOver({ id: 'bad', paths: [], edge: ['#a b'], asked: true })
  for (const id of ['1', '2', '3', '4']) await queue.purge(`items/${id}`)
  await queue.drain()
  const sent = new Set(itemsOf(server).flat())
  expect([...sent].toSorted()).toEqual(['#item:1', '#item:2', '#item:3', '#item:4'])
  expect(queue.setAside).toEqual(['#a b'])
  expect(await keysUnder(store, 'system/purges/set-aside/')).toHaveLength(1)
  expect(await findAskedPurge(store, 'bad')).toMatchObject({ phase: 'done' })
})

test('of a purge that somebody asked for it is told how far it is', async () => {
  const queue = open()
  await queue.handOver({ id: 'p', paths: ['items/42'], edge: ['#kind:x'], asked: true })
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'waiting', invalidations: [] })
  await queue.sender.look()
  const [first] = server.invalidations.taken
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'sent', invalidations: [first?.id] })
  await queue.drain()
  const ids = server.invalidations.taken.map(({ id }) => id)
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'done', invalidations: ids })
  expect(ids).toHaveLength(2)
  expect(await findAskedPurge(store, 'another')).toBeUndefined()
})

test('a purge of what no URL can name is done at once', async () => {
  const queue = open({ by: 'paths' })
  await queue.handOver({ id: 'p', paths: ['a//b'], asked: true })
  await queue.sender.look()
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'done', invalidations: [] })
  expect(await keysUnder(store, 'system/purges/')).toEqual(['system/purges/asked/p.json'])
  expect(server.invalidations.calls).toBe(0)
})

test('more items than a call holds make several, and its purge is done with the last', async () => {
  const queue = open({ itemsPerSecond: 10, patienceMs: 0 })
  const edge = Array.from({ length: 25 }, (_, index) => `#n:${index}`)
  await queue.handOver({ id: 'p', paths: [], edge, asked: true })
  await queue.sender.look()
  clock.advance(1000)
  await queue.sender.look()
  expect(itemsOf(server).map((items) => items.length)).toEqual([10, 10])
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'waiting' })
  await queue.drain()
  expect(itemsOf(server).map((items) => items.length)).toEqual([10, 10, 5, 10, 10, 5])
  expect(await findAskedPurge(store, 'p')).toMatchObject({ phase: 'done' })
})

test('a bucket that was away for minutes is asked again within five seconds, whenever it comes back', async () => {
  const gated = gateStore(store)
  const pauses: number[] = []
  const ended = createDeferred<undefined>()
  const queue = open(
    { store: gated.store },
    {
      clock: {
        ...clock,
        async pause(ms) {
          pauses.push(ms)
          clock.advance(ms)
          // Each round is a moment in which more may come, and the pause that was meant.
          if (pauses.length === 40) gated.setAway(false)
          if (itemsOf(server).length === 2) ended.resolve(undefined)
        },
      },
    },
  )
  await queue.purge('items/42')
  gated.setAway(true)
  queue.sender.start()
  await ended.promise
  expect(queue.failures.length).toBeGreaterThan(15)
  expect(pauses.slice(0, 4)).toEqual([50, 325, 50, 700])
  expect(Math.max(...pauses.slice(0, 40))).toBeLessThanOrEqual(5000)
  expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
})

test('a sender that runs sends what is handed over without another look', async () => {
  const running = { store, clock: { ...createClock(() => 0), advance() {} }, server }
  const failures: unknown[] = []
  const sent = new Promise<EdgeCall>((onCall) => {
    const onFailure = (error: unknown) => void failures.push(error)
    queues.push(openQueue(running, { onCall, onFailure, intervalMs: 3_600_000 }))
  })
  const [queue] = queues
  queue?.sender.start()
  await queue?.purge('items/42')
  expect(await sent).toMatchObject({ outcome: 'taken', purges: 1, isLast: false })
  expect(failures).toEqual([])
})

describe('of two replicas', () => {
  test('one sends, what the other hands over too', async () => {
    const [one, other] = [open(), open()]
    await one.sender.look()
    await other.purge('items/42')
    clock.advance(30_000)
    await one.sender.look()
    expect(itemsOf(server)).toEqual([['#item:42']])
  })

  test('the other goes on when the one is gone, in the middle of a purge', async () => {
    const [one, other] = [open(), open()]
    await one.purge('items/42')
    await one.sender.look()
    clock.advance(REPEAT_AFTER_MS)
    // Its lease is not renewed while the other waits for it.
    await other.sender.look()
    expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
    expect(await other.status()).toMatchObject({ waiting: 0, sent: 0 })
  })

  test('the other looks soon when the journal says that something has changed', async () => {
    const [one, other] = [open(), open()]
    await one.sender.look()
    await other.purge('items/42')
    one.sender.expect()
    clock.advance(1000)
    await one.sender.look()
    expect(itemsOf(server)).toEqual([['#item:42']])
  })
})

test('what cannot be understood in the queue is told once, and left', async () => {
  const queue = open()
  const options = { contentType: 'application/json' }
  await store.put('system/purges/due/x.json', Buffer.from('{'), options)
  await store.put('system/purges/batches/y.json', Buffer.from('{}'), options)
  await queue.purge('items/42')
  await queue.sender.look()
  clock.advance(30_000)
  await queue.sender.look()
  expect(itemsOf(server)).toEqual([['#item:42']])
  expect(queue.failures.map(String).toSorted()).toEqual([
    'Error: system/purges/batches/y.json cannot be understood',
    'Error: system/purges/due/x.json cannot be understood',
  ])
})
