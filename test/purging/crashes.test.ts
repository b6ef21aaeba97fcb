import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { LeaseLost } from '../../src/leases/lease.ts'
import { findAskedPurge } from '../../src/purging/queue.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { finishLeftOvers } from '../../src/sweep/intents.ts'
import { type CloudFrontApiServer, startCloudFrontApi } from '../support/edge/cloudfront-api.ts'
import { createHandClock, type HandClock, keysUnder, openQueue, REPEAT_AFTER_MS } from './sending.ts'

let bucket: ObjectStore
let clock: HandClock
let server: CloudFrontApiServer

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  // The sweep tells ages by the times that the bucket gave.
  clock = createHandClock(Date.now())
  server = await startCloudFrontApi({ clock: () => clock.now() })
})

afterEach(async () => server.close())

class Killed extends Error {}

/**
 * A bucket as a program sees it that is killed before, or right after, its call number `last`; or, where that is all
 * that goes wrong, is told that this call has failed.
 */
function mortal(last: number, when: 'before' | 'after', lives = false) {
  let calls = 0
  const die = (): never => {
    throw new Killed(`killed ${when} call ${last}`)
  }
  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1
    if ((calls > last && !lives) || (calls === last && when === 'before')) die()
    const result = await call()
    return calls === last ? die() : result
  }
  const store: ObjectStore = {
    head: async (...args) => guard(async () => bucket.head(...args)),
    get: async (...args) => guard(async () => bucket.get(...args)),
    put: async (...args) => guard(async () => bucket.put(...args)),
    delete: async (...args) => guard(async () => bucket.delete(...args)),
    async *list(...args) {
      await guard(async () => {})
      yield* bucket.list(...args)
    },
  }
  return { store, calls: () => calls }
}

/** A change of an item and everything that follows, in one program: to be killed in its course. */
async function change(store: ObjectStore): Promise<{ readonly committedAtMs: number | undefined }> {
  let committedAtMs: number | undefined
  const queue = openQueue({ store, clock, server })
  try {
    await queue.sender.look()
    const commit = async () => void (committedAtMs = clock.now())
    await forget(store, ['items/42'], commit, { id: 'p', asked: true, edgePurges: queue.edge })
    await queue.drain()
    await queue.sender.close()
  } catch (error) {
    if (!(error instanceof Killed)) throw error
  }
  return { committedAtMs }
}

/** What other replicas do in time: they finish what was announced, and send what is due. */
async function survive(): Promise<void> {
  const queue = openQueue({ store: bucket, clock, server })
  clock.advance(3_600_000)
  const tally = await finishLeftOvers({ store: bucket, edge: queue.edge, clock })
  expect(tally.faults).toEqual([])
  await queue.sender.look()
  await queue.drain()
  await queue.close()
}

/** The same where the program goes on after a failed call, as a gateway does. */
async function changeAndGoOn(store: ObjectStore): Promise<{ readonly committedAtMs: number | undefined }> {
  let committedAtMs: number | undefined
  const queue = openQueue({ store, clock, server })
  const tolerating = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      // A renewal that was made, and is not known to be, looks like somebody else's.
      if (!(error instanceof Killed) && !(error instanceof LeaseLost)) throw error
      await tolerating(async () => queue.drain())
    }
  }
  const commit = async () => void (committedAtMs = clock.now())
  await tolerating(async () => queue.sender.look())
  await tolerating(async () =>
    forget(store, ['items/42'], commit, { id: 'p', asked: true, edgePurges: queue.edge }),
  )
  await tolerating(async () => queue.drain())
  await tolerating(async () => queue.close())
  return { committedAtMs }
}

describe.each([
  ['killed before any call of the bucket', 'before', change, false],
  ['killed after any call of the bucket', 'after', change, false],
  ['told that a call has failed that was not made', 'before', changeAndGoOn, true],
  ['told that a call has failed that was made', 'after', changeAndGoOn, true],
] as const)('%s', (_, when, run, lives) => {
  test('a change that was made is purged after anybody can have refilled the edge', async () => {
    const whole = mortal(Infinity, when)
    await run(whole.store)
    expect(whole.calls()).toBeGreaterThan(15)
    expect(server.invalidations.taken).toHaveLength(2)
    for (let last = 1; last <= whole.calls(); last += 1) {
      bucket = createMemoryObjectStore()
      server.invalidations.taken.length = 0
      const { committedAtMs } = await run(mortal(last, when, lives).store)
      await survive()
      const purges = server.invalidations.taken.filter(({ items }) => items.includes('#item:42'))
      const neededAtMs = committedAtMs === undefined ? 0 : committedAtMs + REPEAT_AFTER_MS
      expect(purges.at(-1)?.atMs ?? 0, `call ${last}`).toBeGreaterThanOrEqual(neededAtMs)
      const left = await keysUnder(bucket, 'system/purges/')
      expect(
        left.filter((key) => !key.includes('/asked/')),
        `call ${last}`,
      ).toEqual([])
      const phase = (await findAskedPurge(bucket, 'p'))?.phase
      expect(phase, `call ${last}`).toBe(purges.length > 0 ? 'done' : undefined)
    }
  })
})
