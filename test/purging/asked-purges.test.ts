import { beforeEach, describe, expect, test } from 'vitest'
import { parsePurge } from '../../src/cdn/forget.ts'
import { AskedPurges, type AskedPurgesOptions } from '../../src/purging/asked-purges.ts'
import { createPurging } from '../../src/purging/create-purging.ts'
import { createEdgePurges } from '../../src/purging/hand-over.ts'
import { type AskedPurge, askedKey, toBytes } from '../../src/purging/queue.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { finishLeftOvers } from '../../src/sweep/intents.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { journalPaths, keysUnder, putText } from '../library/library.ts'
import { Invalidations } from '../support/edge/invalidations.ts'
import { createClock, type TestClock } from '../sweep/sweeping.ts'

let store: ObjectStore
let clock: TestClock
let forgotten: string[]
let failures: unknown[]

beforeEach(() => {
  store = createMemoryObjectStore()
  clock = createClock()
  forgotten = []
  failures = []
})

const open = (options: Partial<AskedPurgesOptions> = {}) =>
  new AskedPurges({
    store,
    clock,
    dialect: createNativeDialect({ presets: parsePresets(''), signingKeys: [] }),
    onChanged: (paths) => void forgotten.push(...paths),
    onFailure: (error) => void failures.push(error),
    ...options,
  })

const OLD = [
  'img/items/42/photos/p1/@123456789012345/800.webp',
  'private/items/42/photos/p1/@123456789012345/800.webp',
  'img/items/43/photos/p1/@123456789012345/800.webp',
]
const OTHER = 'img/itemsets/1/@123456789012345/800.webp'

describe('a purge that is asked for', () => {
  test('is forgotten here, in the bucket, and by the replicas', async () => {
    for (const key of [...OLD, OTHER]) await putText(store, key)
    const { carriedOut } = await open().begin({ items: ['42'] })
    expect((await carriedOut).variants).toBe(2)
    expect(forgotten).toEqual(['items/42'])
    expect(await journalPaths(store)).toEqual(['items/42'])
    expect(await keysUnder(store, 'img/')).toEqual([OLD[2], OTHER])
  })

  test('of a prefix takes all below it, and nothing that is only called so', async () => {
    for (const key of [...OLD, OTHER]) await putText(store, key)
    await (await open().begin({ prefixes: ['items/*'] })).carriedOut
    expect(await keysUnder(store, 'img/')).toEqual([OTHER])
    expect(await keysUnder(store, 'private/')).toEqual([])
    expect([forgotten, await journalPaths(store)]).toEqual([['items'], ['items']])
  })

  test('is done without a distribution as soon as it is carried out', async () => {
    const purges = open()
    const { purge, carriedOut } = await purges.begin({ items: ['42'] })
    expect(purge.phase).toBe('waiting')
    await carriedOut
    expect(await purges.find(purge.id)).toEqual({ ...purge, phase: 'done' })
    expect(await keysUnder(store, 'system/purges/')).toEqual([askedKey(purge.id)])
  })

  test('waits in the queue to the edge with all that was asked', async () => {
    const purges = open({ edge: createEdgePurges({ store, clock }) })
    const { purge, carriedOut } = await purges.begin({ paths: ['/img/items/42/800.webp'], prefixes: ['a/'] })
    await carriedOut
    expect(await purges.find(purge.id)).toMatchObject({ id: purge.id, phase: 'waiting' })
    const due = await store.get(`system/purges/due/${purge.id}.json`)
    expect(due.outcome === 'found' && JSON.parse(due.object.body.toString())).toMatchObject({
      paths: ['items/42', 'a/'],
      edge: ['/img/items/42/800.webp'],
      asked: true,
    })
    expect(await purges.status()).toEqual({ waiting: 1, sent: 0, oldestMs: expect.any(Number) })
  })

  test('is as far as the sender has come with it', async () => {
    const purges = open({ edge: createEdgePurges({ store, clock }) })
    const { purge, carriedOut } = await purges.begin({ items: ['42'] })
    await carriedOut
    const sent: AskedPurge = { ...purge, phase: 'sent', invalidations: ['I1'] }
    await store.put(askedKey(purge.id), toBytes(sent), { contentType: 'application/json' })
    expect(await purges.find(purge.id)).toEqual(sent)
  })

  test('of an id that nobody was given is not there', async () => {
    expect(await open().find('4711')).toBeUndefined()
  })
})

describe('requirements: Flows – a purge that its program does not live to finish', () => {
  test.each([['img/'], ['private/']])('is the sweep’s when the listing of %s fails', async (prefix) => {
    for (const key of OLD) await putText(store, key)
    const broken: ObjectStore = {
      ...store,
      list(below, options) {
        if (below.startsWith(prefix)) throw new Error('the bucket is away')
        return store.list(below, options)
      },
    }
    const purges = open({ store: broken })
    const { purge, carriedOut } = await purges.begin({ items: ['42'] })
    await expect(carriedOut).rejects.toThrow('away')
    await purges.close()
    // Once more when it was closed.
    expect(failures).toHaveLength(2)
    expect(await purges.find(purge.id)).toMatchObject({ phase: 'waiting' })

    clock.advance(3_600_000)
    await finishLeftOvers({ store, clock })
    expect(await purges.find(purge.id)).toMatchObject({ phase: 'done' })
    expect(await keysUnder(store, 'img/items/42/')).toEqual([])
  })

  test('but whose bucket comes back in its life is carried out without a sweep', async () => {
    for (const key of OLD) await putText(store, key)
    let isAway = true
    const fickle: ObjectStore = {
      ...store,
      list(below, options) {
        if (isAway) throw new Error('the bucket is away')
        return store.list(below, options)
      },
    }
    const purges = open({ store: fickle, pauses: { firstMs: 1, longestMs: 4 } })
    const { purge, carriedOut } = await purges.begin({ items: ['42'] })
    await expect(carriedOut).rejects.toThrow('away')
    await expect.poll(() => failures.length).toBeGreaterThan(2)
    isAway = false
    await expect.poll(async () => (await purges.find(purge.id))?.phase).toBe('done')
    expect(await keysUnder(store, 'img/items/42/')).toEqual([])
    expect(await keysUnder(store, 'system/purges/')).toEqual([`system/purges/asked/${purge.id}.json`])
    await purges.close()
  })

  test('keeps what it was for, until the edge has it', async () => {
    const purges = open({
      store: {
        ...store,
        list: () => {
          throw new Error('away')
        },
      },
    })
    const { purge, carriedOut } = await purges.begin({ prefixes: ['items/'] })
    await expect(carriedOut).rejects.toThrow('away')
    clock.advance(3_600_000)
    await finishLeftOvers({ store, clock, edge: createEdgePurges({ store, clock }) })
    const due = await store.get(`system/purges/due/${purge.id}.json`)
    expect(due.outcome === 'found' && parsePurge(due.object.body)).toMatchObject({
      paths: ['items/'],
      asked: true,
    })
  })

  test('nothing is begun that cannot be announced', async () => {
    const put: ObjectStore['put'] = async () => Promise.reject(new Error('the bucket is away'))
    await expect(open({ store: { ...store, put } }).begin({ items: ['42'] })).rejects.toThrow('away')
    expect(forgotten).toEqual([])
  })
})

test('by the real sender, against the rules of the edge: told twice, and then done', async () => {
  const invalidations = new Invalidations({ clock: () => clock.now() })
  const purging = createPurging({
    store,
    clock,
    api: {
      async invalidate(reference, items) {
        const { id } = invalidations.create(reference, items)
        return { id }
      },
    },
    by: 'tags',
    elsewhere: [],
    repeatAfterMs: 60_000,
    itemsPerSecond: 100,
    wildcardsPerSecond: 10,
    patienceMs: 60_000,
    intervalMs: 1_000,
    onCall: () => {},
    onSetAside: (_, refusal) => failures.push(refusal),
    onFailure: (error) => failures.push(error),
  })
  const purges = open({ edge: purging.edge })
  const request = {
    items: ['42'],
    tags: ['key:a.jpg'],
    paths: ['/img/items/7/800.webp'],
    prefixes: ['photos/'],
  }
  const { purge, carriedOut } = await purges.begin(request)
  await carriedOut
  await purging.sender.look()
  expect(await purges.find(purge.id)).toMatchObject({ phase: 'sent', invalidations: [expect.any(String)] })
  expect(await purges.status()).toMatchObject({ waiting: 0, sent: 1 })
  clock.advance(61_000)
  await purging.sender.look()
  const done = await purges.find(purge.id)
  expect(done).toMatchObject({ phase: 'done', invalidations: [expect.any(String), expect.any(String)] })
  const asked = ['#item:42', '#item:7', '#key:a.jpg', '/img/items/7/800.webp', '/img/photos/*']
  expect(invalidations.taken.map(({ items }) => items.toSorted())).toEqual([asked, asked])
  expect(failures).toEqual([])
  await purging.sender.close()
})
