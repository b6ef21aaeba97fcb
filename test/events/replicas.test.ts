import { randomUUID } from 'node:crypto'
import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEvents, type EventsOptions } from '../../src/events/events.ts'
import { EVENTS_LEASE_KEY } from '../../src/events/outbox-entry.ts'
import { createWebhook } from '../../src/events/webhook.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { createClock as createRealClock } from '../../src/leases/clock.ts'
import { Lease, LeaseLost } from '../../src/leases/lease.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { createClock, HOUR_MS } from '../sweep/sweeping.ts'
import { eventOf, pendingKeys, putRecord } from './events.ts'
import { type Receiver, SECRET, startReceiver } from './receiver.ts'
import { confirmAll, createSender } from './sending.ts'

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(async () => receiver.stop())

const onWall = createRealClock(() => 0)
const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id).toSorted()

describe('requirements: Around it – events of two replicas on the origin that ships', () => {
  let origin: RunningOrigin
  let store: ReturnType<typeof openOrigin>
  beforeAll(async () => {
    origin = await startOrigin()
    store = openOrigin(origin)
  })
  afterAll(async () => {
    store.close()
    await origin.stop()
  })

  test('are delivered once each, in order for each object, while they are made', async () => {
    const replicas = [1, 2].map(() =>
      createSender({ store, clock: onWall, url: receiver.url, intervalMs: 100 }),
    )
    for (const { sender } of replicas) sender.start()
    const objects = Array.from({ length: 6 }, (_, index) => `items/${index}`)
    const made = objects.map((object) => [1, 2, 3, 4, 5].map((revision) => eventOf(object, revision)))
    await Promise.all(
      made.map(async (events, index) => {
        const outbox = createEventOutbox({ store, onConfirmed: () => replicas[index % 2]?.sender.wake() })
        for (const event of events) {
          await outbox.intend(event)
          await outbox.confirm(event)
        }
      }),
    )
    await receiver.took(30)
    await Promise.all(replicas.map(({ sender }) => sender.close()))
    expect(idsOf(receiver.all)).toEqual(idsOf(made.flat()))
    for (const [index, object] of objects.entries()) {
      const taken = receiver.taken.filter((received) => received.object === object)
      expect(taken.map(({ id }) => id)).toEqual(made[index]?.map(({ id }) => id))
    }
    expect(replicas.flatMap(({ failures }) => failures)).toEqual([])
    expect(await pendingKeys(store)).toEqual([])
  })

  test('outlive a bucket that crashes', async () => {
    const { sender, failures } = createSender({ store, clock: onWall, url: receiver.url })
    const [first, second] = [eventOf('items/9', 1), eventOf('items/9', 2)]
    await confirmAll(store, [first])
    await sender.look()
    await origin.kill()
    await expect(sender.look()).rejects.toMatchObject({ code: 'bucket_unreachable' })
    await origin.restart()
    await confirmAll(store, [second])
    await sender.look()
    await sender.close()
    expect(receiver.taken.map(({ id }) => id)).toEqual([first.id, second.id])
    expect(failures).toEqual([])
  })
})

describe('one sender at a time', () => {
  let store: ObjectStore
  beforeEach(() => {
    store = createMemoryObjectStore()
  })

  test('another takes over at once from one that was closed', async () => {
    const one = createSender({ store, clock: createClock(), url: receiver.url })
    const other = createSender({ store, clock: createClock(), url: receiver.url })
    await one.sender.look()
    await one.sender.close()
    await confirmAll(store, [eventOf('items/1', 1)])
    await other.sender.look()
    expect(receiver.taken).toHaveLength(1)
  })

  test('another takes over from one that has died, and delivers again what that one may have delivered', async () => {
    const clock = createClock()
    const gated = gateStore(store)
    const dying = createSender({ store: gated.store, clock, url: receiver.url })
    await confirmAll(store, [eventOf('items/1', 1), eventOf('items/1', 2)])
    // It dies between the delivery of the first and its removal.
    const held = gated.hold('delete', () => true)
    void dying.sender.look()
    await held.reached
    const other = createSender({ store, clock: createClock(), url: receiver.url })
    await other.sender.look()
    expect(receiver.taken.map(({ revision }) => revision)).toEqual([1, 1, 2])
    expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(2)
    expect(await pendingKeys(store)).toEqual([])
  })

  test('one that was only slow delivers nothing after another has taken over', async () => {
    const clock = createClock()
    const slow = createSender({ store, clock, url: receiver.url })
    await slow.sender.look()
    const other = createSender({ store, clock: createClock(), url: receiver.url })
    await other.sender.look()
    await confirmAll(store, [eventOf('items/1', 1)])
    clock.advance(HOUR_MS)
    await expect(slow.sender.look()).rejects.toThrow(EVENTS_LEASE_KEY)
    expect(receiver.all).toEqual([])
    await other.sender.look()
    expect(receiver.taken).toHaveLength(1)
  })

  test('what is confirmed here is delivered without waiting for the next look, and a stop ends the waiting', async () => {
    const { outbox, sender } = createEvents(optionsTo(receiver.url))
    sender?.start()
    for (const revision of [1, 2, 3]) {
      const event = eventOf('items/1', revision)
      await outbox.intend(event)
      await outbox.confirm(event)
      await receiver.took(revision)
    }
    await sender?.close()
    expect(receiver.all).toHaveLength(3)
  })

  test('one that loses its lease in the middle of a look stops before the next delivery', async () => {
    const clock = createClock()
    const webhook = createWebhook({ url: receiver.url, secrets: [SECRET], timeoutMs: 5_000 })
    const lease = { store, key: EVENTS_LEASE_KEY, ttlMs: 30_000, clock: createClock() }
    const slow = createSender({
      store,
      clock,
      url: receiver.url,
      deliver: async (event, atMs) => {
        const delivery = await webhook(event, atMs)
        clock.advance(30_000)
        await Lease.acquire(lease)
        return delivery
      },
    })
    await confirmAll(store, [eventOf('items/1', 1), eventOf('items/1', 2)])
    await expect(slow.sender.look()).rejects.toThrow(LeaseLost)
    expect(receiver.all.map(({ revision }) => revision)).toEqual([1])
  })

  test('a long backlog of one object does not wait for the next look', async () => {
    const events = Array.from({ length: 250 }, (_, index) => eventOf('items/1', index + 1))
    await confirmAll(store, events)
    const { sender } = createEvents(optionsTo(receiver.url))
    sender?.start()
    await receiver.took(250)
    await sender?.close()
    expect(receiver.all.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
  })

  test('a bucket that is away does not keep a sender from being closed', async () => {
    const gated = gateStore(store)
    const { sender, failures } = createSender({ store: gated.store, clock: onWall, url: receiver.url })
    await sender.look()
    gated.setAway(true)
    await sender.close()
    expect(failures).toMatchObject([{ code: 'bucket_unreachable' }])
  })

  test('without a webhook nothing is written, and there is no sender', async () => {
    const { outbox, sender } = createEvents(optionsTo(undefined))
    const event = eventOf('items/1', 1)
    await outbox.intend(event)
    await outbox.confirm(event)
    await outbox.withdraw(event)
    expect(sender).toBeUndefined()
    expect(await pendingKeys(store)).toEqual([])
  })

  const optionsTo = (url: string | undefined): EventsOptions => ({
    store,
    clock: onWall,
    url,
    secrets: [SECRET],
    timeoutMs: 5_000,
    maxAttempts: 3,
    intervalMs: 1_000_000,
    onAttempt: () => {},
    onFailure: (error) => {
      throw error
    },
  })
})

/** What becomes of a change of a record, in a program that may die at each of its steps. */
const fates = constantFrom('happens', 'dies before', 'dies after', 'loses')

test('property: every change that happened is told, in order, and no other, whatever writers die of', async () => {
  await assert(
    asyncProperty(array(fates, { minLength: 1, maxLength: 12 }), async (chosen) => {
      const store = createMemoryObjectStore()
      const clock = createClock()
      const outbox = createEventOutbox({ store })
      const { sender } = createSender({ store, clock, url: receiver.url })
      const before = receiver.all.length
      const changes: { revision: number; id: string }[] = []
      for (const fate of chosen) {
        const revision = changes.length + 1
        const event = eventOf('items/1', revision)
        await outbox.intend(event)
        if (fate === 'dies before') continue
        const winner = fate === 'loses' ? randomUUID() : event.id
        changes.push({ revision, id: winner })
        await putRecord(store, 'items/1/album.json', revision, changes)
        if (fate === 'happens') await outbox.confirm(event)
        if (fate === 'loses') await outbox.withdraw(event)
        await sender.look()
      }
      clock.advance(HOUR_MS)
      await sender.look()
      await sender.look()
      const told = receiver.all.slice(before).map(({ id }) => id)
      const ours = chosen.filter((fate) => fate === 'happens' || fate === 'dies after').length
      expect(told).toEqual(changes.map(({ id }) => id).filter((id) => told.includes(id)))
      expect(told).toHaveLength(ours)
      expect(await pendingKeys(store)).toEqual([])
    }),
    { numRuns: 60 },
  )
})
