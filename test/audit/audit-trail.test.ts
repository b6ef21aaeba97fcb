import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/audit.ts'
import { createAuditTrail } from '../../src/audit/audit-trail.ts'
import { type AuditQuery, findEntries } from '../../src/audit/find-entries.ts'
import { AUDIT_PREFIX, type TrailEntry } from '../../src/audit/trail-entry.ts'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore, PutOptions } from '../../src/storage/object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { openOrigin } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

const DAY_MS = 86_400_000
const START = Date.parse('2026-03-01T12:00:00.000Z')

const entry = (object: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  principal: 'u1',
  action: 'read',
  object,
  ...more,
})

async function found(store: ObjectStore, query: AuditQuery = {}): Promise<TrailEntry[]> {
  const entries: TrailEntry[] = []
  const onFault = (key: string, error: unknown) => {
    throw new Error(key, { cause: error })
  }
  for await (const one of findEntries({ store, onFault }, query)) entries.push(one)
  return entries
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(AUDIT_PREFIX)) keys.push(key)
  return keys
}

const inMemory = {
  name: 'in memory',
  open: async () => ({ store: createMemoryObjectStore(), close: async () => {} }),
}
const onOrigin = {
  name: 'on the origin that ships',
  open: async () => {
    const origin = await startOrigin()
    const store = openOrigin(origin)
    return { store, close: async () => (store.close(), origin.stop()) }
  },
}

describe.each([inMemory, onOrigin])('requirements: Files – the audit trail $name', ({ open }) => {
  let store: ObjectStore
  let close: () => Promise<void>
  beforeAll(async () => ({ store, close } = await open()))
  afterAll(async () => close())

  test('has every one of 1,000 concurrent entries of two replicas, in few objects', async () => {
    const replicas = [
      createAuditTrail({ store, replica: 'one' }),
      createAuditTrail({ store, replica: 'two' }),
    ]
    const objects = Array.from({ length: 1_000 }, (_, index) => `items/${index}`)
    await Promise.all(objects.map(async (object, index) => replicas[index % 2]?.record(entry(object))))
    expect((await found(store)).map(({ object }) => object).toSorted()).toEqual(objects.toSorted())
    expect((await keysOf(store)).length).toBeLessThanOrEqual(4)
  })

  test('is found by user, object, action and time', async () => {
    let nowMs = START
    const trail = createAuditTrail({ store, replica: 'r', now: () => nowMs })
    const written: [days: number, entry: AuditEntry][] = [
      [0, entry('verification/7/a', { principal: 'u7' })],
      [1, entry('verification/7/b', { principal: 'u8', action: 'refuse', detail: 'not the owner' })],
      [2, entry('verification/8/a', { principal: undefined, action: 'refuse', address: '203.0.113.9' })],
      [3, entry('items/7', { principal: 'u7', action: 'change', requestId: 'r-1' })],
    ]
    for (const [days, one] of written) {
      nowMs = START + days * DAY_MS
      await trail.record(one)
    }
    const range = { fromMs: START, toMs: START + 10 * DAY_MS }
    const objectsOf = async (query: AuditQuery) =>
      (await found(store, { ...range, ...query })).map(({ object }) => object)
    expect(await objectsOf({})).toEqual([
      'verification/7/a',
      'verification/7/b',
      'verification/8/a',
      'items/7',
    ])
    expect(await objectsOf({ user: 'u7' })).toEqual(['verification/7/a', 'items/7'])
    expect(await objectsOf({ object: 'verification/7/' })).toEqual(['verification/7/a', 'verification/7/b'])
    expect(await objectsOf({ action: 'refuse' })).toEqual(['verification/7/b', 'verification/8/a'])
    expect(await objectsOf({ fromMs: START + DAY_MS })).toEqual([
      'verification/7/b',
      'verification/8/a',
      'items/7',
    ])
    expect(await objectsOf({ toMs: START + DAY_MS })).toEqual(['verification/7/a'])
    const [refused] = await found(store, { ...range, object: 'verification/8/' })
    expect(refused).toEqual({
      at: new Date(START + 2 * DAY_MS).toISOString(),
      action: 'refuse',
      object: 'verification/8/a',
      address: '203.0.113.9',
    })
  })
})

describe('a trail', () => {
  let store: ObjectStore
  beforeEach(() => {
    store = createMemoryObjectStore()
  })

  test('lets nobody go on before the entry is in the bucket', async () => {
    const gated = gateStore(store)
    const held = gated.hold('put', () => true)
    const trail = createAuditTrail({ store: gated.store })
    let isRecorded = false
    const recorded = trail.record(entry('items/1')).then(() => (isRecorded = true))
    await held.reached
    expect(await found(store)).toEqual([])
    expect(isRecorded).toBe(false)
    held.release()
    await recorded
    expect(await found(store)).toHaveLength(1)
  })

  test('writes what comes while a batch is in the air as one more', async () => {
    const gated = gateStore(store)
    const held = gated.hold('put', () => true)
    const trail = createAuditTrail({ store: gated.store })
    const first = trail.record(entry('items/1'))
    await held.reached
    const others = Array.from({ length: 100 }, async (_, index) => trail.record(entry(`items/1${index}`)))
    held.release()
    await Promise.all([first, ...others])
    expect(await keysOf(store)).toHaveLength(2)
    expect(await found(store)).toHaveLength(101)
  })

  test('that cannot be written fails everybody in the batch, and nobody after it', async () => {
    const gated = gateStore(store)
    const trail = createAuditTrail({ store: gated.store })
    gated.setAway(true)
    const all = await Promise.allSettled(['items/1', 'items/2'].map((object) => trail.record(entry(object))))
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    gated.setAway(false)
    await trail.record(entry('items/3'))
    expect((await found(store)).map(({ object }) => object)).toEqual(['items/3'])
  })

  test('only ever creates objects, and takes a lost answer for what it is', async () => {
    const conditions: PutOptions['ifNoneMatch'][] = []
    const twice: ObjectStore = {
      ...store,
      // What a retry of a call whose answer was lost does.
      put: async (key, bytes, options) => {
        conditions.push(options.ifNoneMatch)
        await store.put(key, bytes, options)
        return store.put(key, bytes, options)
      },
    }
    await createAuditTrail({ store: twice }).record(entry('items/1'))
    expect(conditions).toEqual(['*'])
    expect(await found(store)).toHaveLength(1)
  })

  test('refuses when the bucket hangs and too many wait', async () => {
    const gated = gateStore(store)
    const held = gated.hold('put', () => true)
    const trail = createAuditTrail({ store: gated.store })
    const recorded = [trail.record(entry('items/0'))]
    await held.reached
    for (let count = 0; count < 20_000; count += 1) recorded.push(trail.record(entry(`items/${count}`)))
    await expect(trail.record(entry('items/last'))).rejects.toThrow(GatewayError)
    held.release()
    await Promise.all(recorded)
    expect(await found(store)).toHaveLength(20_001)
  })

  test('has no entry twice and none in two halves when the program dies after any of its writes', async () => {
    const gated = gateStore(store)
    const trail = createAuditTrail({ store: gated.store })
    await trail.record(entry('items/1'))
    // Died before the second batch arrived: its caller was never answered.
    gated.hold('put', () => true)
    void trail.record(entry('items/2'))
    const next = createAuditTrail({ store })
    await next.record(entry('items/3'))
    expect((await found(store)).map(({ object }) => object)).toEqual(['items/1', 'items/3'])
  })

  test('is read without the days that were not asked for', async () => {
    let nowMs = START
    const trail = createAuditTrail({ store, now: () => nowMs })
    for (let day = 0; day < 30; day += 1) {
      nowMs = START + day * DAY_MS
      await trail.record(entry(`items/${day}`))
    }
    const read: string[] = []
    const counting: ObjectStore = { ...store, get: async (key) => (read.push(key), store.get(key)) }
    await found(counting, { fromMs: START + 3 * DAY_MS, toMs: START + 4.5 * DAY_MS })
    expect(read.map((key) => key.slice(0, 'system/audit/yyyy/mm/dd'.length))).toEqual([
      'system/audit/2026/03/04',
      'system/audit/2026/03/05',
    ])
  })

  test('tells of a batch that is damaged, and reads the others', async () => {
    await createAuditTrail({ store, now: () => START }).record(entry('items/1'))
    for (const [index, body] of ['{"at":', '{"at":"2026-03-02T00:00:00.000Z"}\n', '7'].entries()) {
      await store.put(`${AUDIT_PREFIX}2026/03/02/00-00-0${index}.000Z-r-x.ndjson`, Buffer.from(body), {
        contentType: 'application/x-ndjson',
      })
    }
    const faults: string[] = []
    const objects: string[] = []
    const options = { store, onFault: (key: string) => void faults.push(key) }
    for await (const { object } of findEntries(options, {})) objects.push(object)
    expect(objects).toEqual(['items/1'])
    expect(faults).toHaveLength(3)
  })
})
