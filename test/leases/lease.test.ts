import { beforeEach, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { Lease, LeaseLost } from '../../src/leases/lease.ts'
import { createClock, type TestClock } from '../sweep/sweeping.ts'

const TTL_MS = 60_000

let bucket: ObjectStore
let clock: TestClock

beforeEach(() => {
  bucket = createMemoryObjectStore()
  clock = createClock()
})

const acquire = async (by: TestClock = clock, store: ObjectStore = bucket) =>
  Lease.acquire({ store, key: 'system/lease.json', ttlMs: TTL_MS, clock: by })

async function acquired(by: TestClock = clock): Promise<Lease> {
  const lease = await acquire(by)
  if (lease === undefined) throw new Error('The lease is held')
  return lease
}

test('of many who want it at once one has it', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, async () => acquire(createClock())))
  expect(all.filter((lease) => lease !== undefined)).toHaveLength(1)
})

test('is had at once when it was released, and by one only', async () => {
  await (await acquired()).release()
  const all = await Promise.all(Array.from({ length: 8 }, async () => acquire(createClock())))
  expect(all.filter((lease) => lease !== undefined)).toHaveLength(1)
})

test('is left to a holder that renews it, however slowly the other looks', async () => {
  const lease = await acquired()
  const other = {
    ...createClock(),
    pause: async () => {
      clock.advance(TTL_MS / 2)
      await lease.keep()
    },
  }
  expect(await acquire(other)).toBeUndefined()
  await lease.keep()
})

test('is taken from a holder that is gone, after its time and not before', async () => {
  const gone = await acquired()
  const other = createClock()
  const lease = await acquired(other)
  expect(other.elapsedMs()).toBeGreaterThanOrEqual(TTL_MS)
  expect(other.elapsedMs()).toBeLessThan(2 * TTL_MS)
  await lease.keep()
  clock.advance(TTL_MS)
  await expect(gone.keep()).rejects.toThrow(LeaseLost)
})

test('a holder that has lost it does not take it from the new one, nor frees it', async () => {
  const gone = await acquired()
  const other = createClock()
  const lease = await acquired(other)
  await gone.release()
  other.advance(TTL_MS)
  await lease.keep()
  expect(
    await acquire({ ...other, pause: async () => (other.advance(TTL_MS), lease.keep()) }),
  ).toBeUndefined()
})

test('is renewed when a third of its time has passed, once for all who ask', async () => {
  let puts = 0
  const store: ObjectStore = { ...bucket, put: (...args) => ((puts += 1), bucket.put(...args)) }
  const lease = await acquire(clock, store)
  await lease?.keep()
  expect(puts).toBe(1)
  clock.advance(TTL_MS / 3)
  await Promise.all([lease?.keep(), lease?.keep(), lease?.keep()])
  expect(puts).toBe(2)
})

test('is kept when the answer to a renewal was lost and the attempt repeated', async () => {
  const store: ObjectStore = {
    ...bucket,
    put: async (...args) => (await bucket.put(...args), bucket.put(...args)),
  }
  const lease = await acquire(clock, store)
  clock.advance(TTL_MS)
  await lease?.keep()
  clock.advance(TTL_MS)
  await expect(lease?.keep()).resolves.toBeUndefined()
})
