import { describe, expect, test } from 'vitest'
import { Account } from '../../src/hosted/account.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { putAccount } from '../support/hosted.ts'

const REMEMBER_MS = 3_000
const QUARTER_OF_AN_HOUR_MS = 15 * 60_000

async function open() {
  const bucket = createMemoryObjectStore()
  await putAccount(bucket, { browserTtlS: 3_600 })
  const gated = gateStore(bucket)
  const clock = { now: 0 }
  const account = new Account({
    store: gated.store,
    rememberMs: REMEMBER_MS,
    elapsedMs: () => clock.now,
  })
  const ttl = async () => (await account.recent()).browserTtlS
  return { bucket, gated, clock, account, ttl }
}

describe('what holds for all hosted images, while the bucket is away', () => {
  test('is what it was, for a quarter of an hour', async () => {
    const { gated, clock, ttl } = await open()
    expect(await ttl()).toBe(3_600)
    gated.setAway(true)
    for (const now of [REMEMBER_MS, 60_000, QUARTER_OF_AN_HOUR_MS]) {
      clock.now = now
      expect(await ttl()).toBe(3_600)
    }
    clock.now = QUARTER_OF_AN_HOUR_MS + 1_000
    await expect(ttl()).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })

  test('is asked for again a second later', async () => {
    const { bucket, gated, clock, ttl } = await open()
    await ttl()
    gated.setAway(true)
    clock.now = REMEMBER_MS
    await ttl()
    gated.setAway(false)
    await putAccount(bucket, { browserTtlS: 7_200 })
    clock.now += 999
    expect(await ttl()).toBe(3_600)
    clock.now += 1
    expect(await ttl()).toBe(7_200)
  })

  test('is what it was when the bucket hangs', async () => {
    const { gated, clock, ttl } = await open()
    await ttl()
    clock.now = REMEMBER_MS
    const gate = gated.hold('get', () => true)
    expect(await ttl()).toBe(3_600)
    gate.release()
  })

  test('is not known before it has been read, nor what it was before a change of our own', async () => {
    const { gated, account, ttl } = await open()
    gated.setAway(true)
    await expect(ttl()).rejects.toMatchObject({ code: 'bucket_unreachable' })
    gated.setAway(false)
    expect(await ttl()).toBe(3_600)
    await account.edit((before) => ({ ...before, browserTtlS: 7_200 }))
    gated.setAway(true)
    await expect(ttl()).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })
})
