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

test('is taken from a holder that is gone though the store fails every other time', async () => {
  await acquired()
  let [looks, writes] = [0, 0]
  const flaky: ObjectStore = {
    ...bucket,
    async get(...args) {
      looks += 1
      // Two looks that succeed, then two that do not.
      if (looks > 1 && looks % 4 > 1) throw new Error('The store is away')
      return bucket.get(...args)
    },
    async put(...args) {
      writes += 1
      if (writes < 3) throw new Error('The store is away')
      return bucket.put(...args)
    },
  }
  const other = createClock()
  expect(await acquire(other, flaky)).toBeDefined()
  expect(other.elapsedMs()).toBeLessThan(2 * TTL_MS)
})

test('is left to a holder that lives, when the store has been away from both for longer than its time', async () => {
  const lease = await acquired()
  const awayUntilMs = 2 * TTL_MS
  const other = createClock()
  const store: ObjectStore = {
    ...bucket,
    async get(...args) {
      const isAway = other.elapsedMs() > 0 && other.elapsedMs() < awayUntilMs
      if (isAway) throw new Error('The store is away')
      return bucket.get(...args)
    },
  }
  const seeker = {
    ...other,
    pause: async (ms: number) => {
      await other.pause(ms)
      clock.advance(ms)
      // Some seconds after the store is back the holder has noticed.
      if (other.elapsedMs() > awayUntilMs + TTL_MS / 10) await lease.keep()
    },
  }
  expect(await acquire(seeker, store)).toBeUndefined()
})

test('whoever cannot look at all is told', async () => {
  await acquired()
  const other = createClock()
  const store: ObjectStore = {
    ...bucket,
    async get(...args) {
      if (other.elapsedMs() > 0) throw new Error('The store is away')
      return bucket.get(...args)
    },
  }
  await expect(acquire(other, store)).rejects.toThrow('The store is away')
  expect(other.elapsedMs()).toBeLessThan(4 * TTL_MS)
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
