import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findAskedPurge } from '../../src/purging/queue.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { type CloudFrontApiServer, startCloudFrontApi } from '../support/edge/cloudfront-api.ts'
import {
  createHandClock,
  type HandClock,
  itemsOf,
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

function open(options: Parameters<typeof openQueue>[1] = {}, of: ObjectStore = store) {
  const queue = openQueue({ store: of, clock, server }, options)
  queues.push(queue)
  return queue
}

const asked = async () => findAskedPurge(store, 'p')
const taken = () => server.invalidations.taken.map(({ id }) => id)

describe('somebody who asked for a purge', () => {
  test.each([
    ['first', ['#a b', '#kind:x']],
    ['last', ['#kind:x', '#a b']],
  ])('is told of the item that the edge will not take, be it the %s, and of the others', async (_, edge) => {
    const queue = open()
    await queue.handOver({ id: 'p', paths: [], edge, asked: true })
    do clock.advance(await queue.sender.look())
    while ((await queue.status()).waiting > 0 || queue.setAside.length === 0)
    expect(await asked()).toMatchObject({ phase: 'sent', refused: ['#a b'], invalidations: taken() })
    await queue.drain()
    expect(await asked()).toMatchObject({ phase: 'done', refused: ['#a b'], invalidations: taken() })
    expect(itemsOf(server)).toEqual([['#kind:x'], ['#kind:x']])
  })

  test('is told of the invalidations of all the calls that it takes', async () => {
    const queue = open({ itemsPerSecond: 10, patienceMs: 0 })
    const edge = Array.from({ length: 25 }, (_, index) => `#n:${index}`)
    await queue.handOver({ id: 'p', paths: [], edge, asked: true })
    await queue.drain()
    expect(taken()).toHaveLength(6)
    expect(await asked()).toMatchObject({ phase: 'done', invalidations: taken() })
  })
})

test('a look at so much that it takes longer than a lease keeps the lease', async () => {
  const before = open()
  for (let item = 0; item < 100; item += 1) await before.purge(`items/${item}`)
  let reads = 0
  const slow: ObjectStore = {
    ...store,
    async get(key, options) {
      if (key.startsWith('system/purges/due/')) {
        clock.advance(1000)
        reads += 1
        const lease = await store.head('system/leases/purges.json')
        leases.add(lease?.etag)
      }
      return store.get(key, options)
    },
  }
  const leases = new Set<string | undefined>()
  await open({}, slow).sender.look()
  expect(reads).toBe(100)
  // Whoever waits for it takes it after a minute in which it stays the same.
  expect(leases.size).toBeGreaterThan(3)
})

test('a purge that is handed over again before it is sent is repeated for the later change', async () => {
  const [sender, other] = [open(), open()]
  server.invalidations.fail(5, 503, 'ServiceUnavailable')
  await sender.purge('items/1')
  await sender.sender.look()
  await other.handOver({ id: 'p', paths: ['items/42'] })
  clock.advance(50_000)
  await other.handOver({ id: 'p', paths: ['items/42'] })
  const changedAtMs = clock.now()
  await sender.drain()
  const last = server.invalidations.taken.findLast(({ items }) => items.includes('#item:42'))
  expect(last?.atMs).toBeGreaterThanOrEqual(changedAtMs + REPEAT_AFTER_MS)
})

test('a purge that leaves while it is handed over leaves twice, and not four times', async () => {
  const quick: ObjectStore = {
    ...store,
    async delete(keys, options) {
      if (keys.includes('system/purges/p.json')) {
        queue.sender.expect()
        clock.advance(1000)
        await queue.sender.look()
      }
      await store.delete(keys, options)
    },
  }
  const queue: TestQueue = open({}, quick)
  await queue.sender.look()
  await queue.handOver({ id: 'p', paths: ['items/42'] })
  await queue.drain()
  expect(itemsOf(server)).toEqual([['#item:42'], ['#item:42']])
})

test('what needs no wildcard leaves beside the wildcards that wait for their turn', async () => {
  const queue = open({ by: 'tags' })
  for (const folder of ['a/', 'b/', 'c/']) await queue.purge(folder)
  clock.advance(1)
  await queue.purge('items/42')
  await queue.sender.look()
  expect(itemsOf(server)).toEqual([['/img/a/*', '#item:42']])
})
