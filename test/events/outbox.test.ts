import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHistory } from '../../src/events/history.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { inOrder } from '../../src/events/backlog.ts'
import { nameOf, PENDING_PREFIX, parseEntry, parseName } from '../../src/events/outbox-entry.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { openOrigin } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'
import { eventOf, pendingKeys, putRecord } from './events.ts'

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

describe.each([inMemory, onOrigin])('EventOutbox $name', ({ open }) => {
  let store: ObjectStore
  let close: () => Promise<void>
  beforeAll(async () => ({ store, close } = await open()))
  afterAll(async () => close())

  const stateOf = async (event: Parameters<typeof nameOf>[0]) => {
    const read = await store.get(PENDING_PREFIX + nameOf(event))
    return read.outcome === 'found' ? parseEntry(read.object).state : read.outcome
  }

  test('an event is intended, then confirmed; a second confirmation changes nothing', async () => {
    let told = 0
    const outbox = createEventOutbox({ store, onConfirmed: () => (told += 1) })
    const event = eventOf('items/1', 1, { detail: { photoIds: ['a', 'b'] } })
    await outbox.intend(event)
    expect(await stateOf(event)).toBe('intended')
    expect(told).toBe(0)
    await outbox.confirm(event)
    expect(await stateOf(event)).toBe('confirmed')
    expect(told).toBe(1)
    await createEventOutbox({ store }).confirm({ ...event })
    expect(await stateOf(event)).toBe('confirmed')
    const read = await store.get(PENDING_PREFIX + nameOf(event))
    expect(read.outcome === 'found' && parseEntry(read.object).event).toEqual(event)
  })

  test('an event that is withdrawn is gone', async () => {
    const outbox = createEventOutbox({ store })
    const event = eventOf('items/2', 1)
    await outbox.intend(event)
    await outbox.withdraw(event)
    expect(await stateOf(event)).toBe('absent')
  })

  test('what another process announced is confirmed and withdrawn all the same', async () => {
    const [one, other] = [eventOf('items/3', 1), eventOf('items/3', 2)]
    await createEventOutbox({ store }).intend(one)
    await createEventOutbox({ store }).intend(other)
    const outbox = createEventOutbox({ store })
    await outbox.confirm(one)
    await outbox.withdraw(other)
    expect(await stateOf(one)).toBe('confirmed')
    expect(await stateOf(other)).toBe('absent')
  })

  test('an event that somebody has taken away is there again when its change has happened after all', async () => {
    const outbox = createEventOutbox({ store })
    const event = eventOf('items/4', 1)
    await outbox.intend(event)
    await store.delete([PENDING_PREFIX + nameOf(event)])
    await outbox.confirm(event)
    expect(await stateOf(event)).toBe('confirmed')
  })

  test('one that has been announced by somebody else with another content is refused', async () => {
    const outbox = createEventOutbox({ store })
    const event = eventOf('items/5', 1)
    await outbox.intend(event)
    await outbox.intend(event)
    await expect(outbox.intend({ ...event, by: 'another' })).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('names of events', () => {
  test('say what the event says', () => {
    const event = eventOf('verification/a.b-c', 12)
    expect(parseName(nameOf(event))).toMatchObject({
      object: 'verification/a.b-c',
      revision: 12,
      atMs: Date.parse(event.at),
      id: event.id,
    })
    expect(parseName(nameOf(eventOf('items/1')))?.revision).toBeUndefined()
  })

  test.each(['', 'a/b', 'a/1_2_x.json', '%E0%A4%A/-_000000000000001_x.json'])('%j is none', (name) => {
    expect(parseName(name)).toBeUndefined()
  })

  test('are listed object by object, by revision', async () => {
    const store = createMemoryObjectStore()
    const outbox = createEventOutbox({ store })
    const events = [
      ['items/4', 10],
      ['items/4-a', 1],
      ['items/4', 9],
      ['items/4.b', 1],
      ['items/42', 1],
      ['items/4', 100],
    ] as const
    for (const [object, revision] of events) await outbox.intend(eventOf(object, revision))
    const listed = (await pendingKeys(store)).map((key) => parseName(key.slice(PENDING_PREFIX.length)))
    const objects = listed.map((name) => name?.object)
    expect(objects.filter((object, index) => object !== objects[index - 1])).toHaveLength(4)
    const revisions = listed.filter((name) => name?.object === 'items/4').map((name) => name?.revision)
    expect(revisions).toEqual([9, 10, 100])
  })

  test('put what has no revision in between by time, and never two changes out of order', () => {
    const at = (ms: number) => ({ at: new Date(ms).toISOString() })
    const events = [
      eventOf('items/1', undefined, at(15)),
      eventOf('items/1', 2, at(10)),
      eventOf('items/1', 3, at(5)),
      eventOf('items/1', 4, at(20)),
      eventOf('items/1', undefined, at(30)),
      eventOf('items/1', undefined, at(1)),
    ]
    const names = events.flatMap((event) => parseName(nameOf(event)) ?? [])
    expect(inOrder(names).map(({ revision, atMs }) => revision ?? `at ${atMs}`)).toEqual([
      'at 1',
      2,
      3,
      'at 15',
      4,
      'at 30',
    ])
  })
})

describe('what a record says of a change', () => {
  const event = eventOf('items/1', 5, { id: 'mine' })
  const changes = [4, 5, 6].map((revision) => ({ revision, id: `other-${revision}` }))
  const mine = changes.map((change) => (change.revision === 5 ? { ...change, id: 'mine' } : change))

  test.each([
    ['happened', 'it names it', 6, mine],
    ['not-happened', 'another change made this revision', 6, changes],
    ['undecided', 'it is not so far yet', 4, changes.slice(0, 1)],
    ['happened', 'it remembers other revisions only', 60, [{ revision: 60, id: 'later' }]],
    ['undecided', 'it keeps no changes and has no revision', undefined, undefined],
  ] as const)('%s: %s', async (verdict, _why, revision, known) => {
    const store = createMemoryObjectStore()
    const body = Buffer.from(JSON.stringify({ revision, changes: known }))
    for (const [key, object] of [
      ['items/1/album.json', 'items/1'],
      ['profiles/1/profile.json', 'profiles/1'],
      ['verification/1/documents.json', 'verification/1'],
    ] as const) {
      await store.put(key, body, { contentType: 'application/json' })
      expect(await createHistory(store)({ ...event, object })).toBe(verdict)
    }
  })

  test('a record that is gone speaks for deletions only', async () => {
    const ask = createHistory(createMemoryObjectStore())
    expect(await ask({ ...event, type: 'media.deleted' })).toBe('happened')
    expect(await ask(event)).toBe('undecided')
    expect(await ask({ ...event, revision: undefined })).toBe('happened')
  })

  test('one that cannot be understood, and an object without a record, are faults', async () => {
    const store = createMemoryObjectStore()
    await putRecord(store, 'items/1/album.json', -1, [])
    const ask = createHistory(store)
    for (const object of ['items/1', 'toString/1', 'items', 'items/1/photos', 'items/..%2f']) {
      await expect(ask({ ...event, object })).rejects.toMatchObject({ code: 'record_invalid' })
    }
  })
})
