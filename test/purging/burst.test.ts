import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { type CloudFrontApiServer, startCloudFrontApi } from '../support/edge/cloudfront-api.ts'
import {
  createHandClock,
  type HandClock,
  itemsOf,
  openQueue,
  REPEAT_AFTER_MS,
  type TestQueue,
} from './sending.ts'

const CHANGES = 10_000
const PER_SECOND = 100

let clock: HandClock
let server: CloudFrontApiServer
let queue: TestQueue | undefined

beforeEach(async () => {
  clock = createHandClock()
  server = await startCloudFrontApi({ clock: () => clock.now() })
})

afterEach(async () => {
  await queue?.close()
  await server.close()
})

async function handOverAll(options: Parameters<typeof openQueue>[1]): Promise<TestQueue> {
  queue = openQueue({ store: createMemoryObjectStore(), clock, server }, options)
  await queue.sender.look()
  const items = Array.from({ length: CHANGES }, (_, index) => `items/${index}`)
  await Promise.all(items.map(async (path) => queue?.purge(path)))
  return queue
}

const names = (count: number) => new Set(Array.from({ length: count }, (_, index) => `#item:${index}`))

test('10,000 replaces at once by tags: full calls at the pace of the quota, and no item more than twice', async () => {
  const burst = await handOverAll({ patienceMs: 0 })
  const startMs = clock.elapsedMs()
  await burst.drain()
  const { taken, items, dollars } = server.invalidations
  expect(new Set(itemsOf(server).flat())).toEqual(names(CHANGES))
  // One call a second. What leaves when nobody can have refilled the edge any more leaves once.
  const firsts = CHANGES / PER_SECOND
  const twice = REPEAT_AFTER_MS / 1000
  expect(taken).toHaveLength(firsts + twice)
  expect(items).toBe(PER_SECOND * (firsts + twice))
  expect(dollars).toBe((PER_SECOND * (firsts + twice) - 1000) * 0.005)
  expect(burst.calls.every(({ outcome }) => outcome === 'taken')).toBe(true)
  expect(clock.elapsedMs() - startMs).toBeLessThan((firsts + twice + 2) * 1000)
  console.info(`10,000 replaces by tags: ${taken.length} calls, ${items} items, $${dollars.toFixed(2)}`)
})

test('10,000 replaces at once, of which half a minute is patient: one wildcard, twice', async () => {
  const burst = await handOverAll({})
  await burst.drain()
  expect(itemsOf(server)).toEqual([['/img/items/*'], ['/img/items/*']])
  console.info(
    `10,000 replaces past the patience: 2 calls, 2 items, $${server.invalidations.dollars.toFixed(2)}`,
  )
})

test('by paths the wildcards leave at their own pace, and what takes too long is one', async () => {
  queue = openQueue({ store: createMemoryObjectStore(), clock, server }, { by: 'paths' })
  await queue.sender.look()
  for (let item = 0; item < 20; item += 1) await queue.purge(`items/${item}`)
  await queue.drain()
  expect(new Set(itemsOf(server).map(({ length }) => length))).toEqual(new Set([1]))
  expect(server.invalidations.items).toBe(40)
  for (let item = 0; item < 31; item += 1) await queue.handOver({ id: `b${item}`, paths: [`items/${item}`] })
  await queue.drain()
  expect(itemsOf(server).slice(40)).toEqual([['/img/items/*'], ['/img/items/*']])
})
