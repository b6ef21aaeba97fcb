import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { nameOf, PENDING_PREFIX } from '../../src/events/outbox-entry.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createClock, HOUR_MS, type TestClock } from '../sweep/sweeping.ts'
import { deadKeys, eventOf, pendingKeys, putRecord } from './events.ts'
import { type Received, type Receiver, startReceiver } from './receiver.ts'
import { confirmAll, createSender } from './sending.ts'

let store: ObjectStore
let clock: TestClock
let receiver: Receiver
let answer: (received: Received) => number

beforeEach(async () => {
  store = createMemoryObjectStore()
  clock = createClock()
  answer = () => 204
  receiver = await startReceiver((received) => answer(received))
})
afterEach(async () => receiver.stop())

const start = (more: Partial<Parameters<typeof createSender>[0]> = {}) =>
  createSender({ store, clock, url: receiver.url, ...more })

const revisionsOf = (object: string, list: readonly Received[] = receiver.taken) =>
  list.filter((received) => received.object === object).map(({ revision }) => revision)

describe('events that are confirmed', () => {
  test('are delivered, those of an object in the order of its revisions, and removed', async () => {
    const events = [3, 1, 2].flatMap((revision) =>
      ['items/1', 'items/2', 'profiles/1'].map((object) => eventOf(object, revision)),
    )
    await confirmAll(store, events)
    const { sender, attempts } = start()
    await sender.look()
    for (const object of ['items/1', 'items/2', 'profiles/1']) expect(revisionsOf(object)).toEqual([1, 2, 3])
    expect(await pendingKeys(store)).toEqual([])
    expect(attempts.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 9 }, () => 'delivered'))
    await sender.look()
    expect(receiver.all).toHaveLength(9)
  })

  test('are counted, with the age of the oldest', async () => {
    answer = () => 500
    const at = new Date(Date.now() - HOUR_MS).toISOString()
    await confirmAll(store, [eventOf('items/1', 1, { at }), eventOf('items/1', 2), eventOf('items/2', 1)])
    const { sender } = start()
    await sender.look()
    expect(sender.pending).toBe(3)
    expect(sender.oldestMs).toBeGreaterThanOrEqual(HOUR_MS)
    answer = () => 204
    clock.advance(HOUR_MS)
    await sender.look()
    await sender.look()
    expect(sender.pending).toBe(0)
    expect(sender.oldestMs).toBe(0)
  })

  test('of one object that fails hold back only itself', async () => {
    answer = ({ object }) => (object === 'items/1' ? 500 : 204)
    await confirmAll(
      store,
      [1, 2].flatMap((revision) => ['items/1', 'items/2'].map((o) => eventOf(o, revision))),
    )
    const { sender } = start()
    await sender.look()
    expect(revisionsOf('items/2')).toEqual([1, 2])
    expect(revisionsOf('items/1', receiver.all)).toEqual([1])
    answer = () => 204
    clock.advance(5_000)
    await sender.look()
    expect(revisionsOf('items/1')).toEqual([1, 2])
  })

  test('that cannot be understood hold back only their object', async () => {
    await confirmAll(store, [eventOf('items/1', 2), eventOf('items/2', 1)])
    const broken = PENDING_PREFIX + nameOf(eventOf('items/1', 1))
    await store.put(broken, Buffer.from('{'), { contentType: 'application/json' })
    const { sender, failures } = start()
    await sender.look()
    expect(receiver.taken.map(({ object }) => object)).toEqual(['items/2'])
    expect(failures).toMatchObject([{ code: 'record_invalid' }])
    await store.delete([broken])
    clock.advance(60_000)
    await sender.look()
    expect(revisionsOf('items/1')).toEqual([2])
  })
})

describe('an event that fails', () => {
  test('is tried again later and later, also by a sender that was started anew', async () => {
    answer = () => 503
    await confirmAll(store, [eventOf('items/1', 1)])
    const waits: number[] = []
    for (let count = 1; count <= 8; count += 1) {
      const { sender } = start()
      await sender.look()
      expect(receiver.all).toHaveLength(count)
      const failedAtMs = clock.now()
      while (receiver.all.length === count) {
        clock.advance(500)
        await sender.look()
        if (receiver.all.length === count) continue
        waits.push(clock.now() - failedAtMs)
      }
      await sender.close()
      receiver.all.pop()
      clock.advance(3 * HOUR_MS)
    }
    for (const [index, waitMs] of waits.entries()) {
      const longest = 5_000 * 2 ** (2 * index)
      expect(waitMs).toBeGreaterThanOrEqual(Math.min(longest, 2 * HOUR_MS) / 2)
      expect(waitMs).toBeLessThanOrEqual(Math.min(longest, 2 * HOUR_MS) + 1_000)
    }
  })

  test('is given up after its attempts, kept apart, and the next one goes', async () => {
    answer = ({ revision }) => (revision === 1 ? 400 : 204)
    await confirmAll(store, [eventOf('items/1', 1), eventOf('items/1', 2)])
    const { sender, attempts } = start({ maxAttempts: 3 })
    for (let count = 0; count < 3; count += 1) {
      await sender.look()
      clock.advance(HOUR_MS)
    }
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'dead', 'delivered'])
    expect(attempts[2]).toMatchObject({ failures: 3, reason: 'The receiver answered 400' })
    expect(await pendingKeys(store)).toEqual([])
    expect(await deadKeys(store)).toHaveLength(1)
  })

  test('a receiver that is down is not shown the whole backlog each time', async () => {
    answer = () => 500
    await confirmAll(
      store,
      Array.from({ length: 60 }, (_, index) => eventOf(`items/${index}`, 1)),
    )
    const { sender } = start()
    await sender.look()
    expect(receiver.all.length).toBeLessThan(20)
    expect(sender.pending).toBe(60)
    const shown = receiver.all.length
    await sender.look()
    expect(receiver.all).toHaveLength(shown)
    answer = () => 204
    for (let count = 0; count < 3; count += 1) {
      clock.advance(HOUR_MS)
      await sender.look()
    }
    expect(receiver.taken).toHaveLength(60)
  })
})

describe('an intention that was left behind', () => {
  const record = 'items/1/album.json'
  const intend = async (revision: number | undefined) => {
    const event = eventOf('items/1', revision)
    await createEventOutbox({ store }).intend(event)
    return event
  }

  test('is delivered when its record says that it happened, and not while its change may be under way', async () => {
    const event = await intend(4)
    await putRecord(store, record, 4, [{ revision: 4, id: event.id }])
    const { sender } = start()
    await sender.look()
    expect(receiver.all).toEqual([])
    clock.advance(10_000)
    await sender.look()
    expect(receiver.taken.map(({ id }) => id)).toEqual([event.id])
    expect(await pendingKeys(store)).toEqual([])
  })

  test('is withdrawn when another change made its revision, and what comes after it is delivered', async () => {
    await intend(4)
    const other = eventOf('items/1', 4)
    await confirmAll(store, [other])
    await putRecord(store, record, 4, [{ revision: 4, id: other.id }])
    const { sender } = start()
    // At once: what has overtaken it says that the record can be asked.
    await sender.look()
    clock.advance(10_000)
    await sender.look()
    expect(receiver.taken.map(({ id }) => id)).toEqual([other.id])
    expect(await pendingKeys(store)).toEqual([])
  })

  test('is not overtaken by a later change, and delivered before it', async () => {
    const first = await intend(4)
    const later = eventOf('items/1', 5)
    await confirmAll(store, [later])
    await putRecord(store, record, 5, [
      { revision: 4, id: first.id },
      { revision: 5, id: later.id },
    ])
    const { sender } = start()
    await sender.look()
    expect(receiver.taken.map(({ id }) => id)).toEqual([first.id, later.id])
  })

  test('is withdrawn when its record has not come so far in ten minutes, and back if it does after all', async () => {
    const event = await intend(4)
    await putRecord(store, record, 3, [{ revision: 3, id: 'before' }])
    const { sender } = start()
    clock.advance(60_000)
    await sender.look()
    expect(await pendingKeys(store)).toHaveLength(1)
    clock.advance(600_000)
    await sender.look()
    expect(await pendingKeys(store)).toEqual([])
    await createEventOutbox({ store }).confirm(event)
    await sender.look()
    expect(receiver.taken.map(({ id }) => id)).toEqual([event.id])
  })

  test('of what changes no record is delivered after ten minutes', async () => {
    const event = await intend(undefined)
    const { sender } = start()
    clock.advance(60_000)
    await sender.look()
    expect(receiver.all).toEqual([])
    clock.advance(600_000)
    await sender.look()
    expect(receiver.taken.map(({ id }) => id)).toEqual([event.id])
  })
})
