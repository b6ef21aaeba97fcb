import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { announcePurge } from '../../src/cdn/forget.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { finishLeftOvers } from '../../src/sweep/intents.ts'
import { sourceVersion } from '../../src/urls/version.ts'
import { by, openLibrary, putDocument, putItemAbc, putPhoto } from '../library/library.ts'
import { type CloudFrontApiServer, startCloudFrontApi } from '../support/edge/cloudfront-api.ts'
import { createClock, DAY_MS, HOUR_MS, putText, sweepOnce } from '../sweep/sweeping.ts'
import { createHandClock, type HandClock, itemsOf, keysUnder, openQueue, type TestQueue } from './sending.ts'

let store: ObjectStore
let clock: HandClock
let server: CloudFrontApiServer
let queue: TestQueue

beforeEach(async () => {
  store = createMemoryObjectStore()
  clock = createHandClock()
  server = await startCloudFrontApi({ clock: () => clock.now() })
  queue = openQueue({ store, clock, server })
  await queue.sender.look()
})

afterEach(async () => {
  await queue.close()
  await server.close()
})

const QUEUE = 'system/purges/'

describe('requirements: Flows – a change of the library', () => {
  test.each([
    [
      'a photo replaced',
      async () => library().albums.replace('42', await putPhoto(store, 'b'), by),
      ['#photo:42%2Fb'],
    ],
    ['a photo removed', async () => library().albums.remove('42', 'b', by), ['#photo:42%2Fb']],
    [
      'another cover',
      async () => library().albums.setCover('42', 'c', by),
      ['#photo:42%2Fa', '#photo:42%2Fc'],
    ],
    ['an item hidden', async () => library().albums.setAccess('42', 'private', by), ['#item:42']],
  ])('%s reaches the edge, twice', async (_, change, expected) => {
    await putItemAbc(store, openLibrary(store))
    await change()
    expect(await keysUnder(store, QUEUE)).toHaveLength(1)
    await queue.drain()
    expect(itemsOf(server).map((items) => items.toSorted())).toEqual([expected, expected])
    expect(await keysUnder(store, QUEUE)).toEqual([])
  })

  test('that fails leaves nothing for the edge, and a document has none', async () => {
    await putItemAbc(store, openLibrary(store))
    await expect(library().albums.remove('42', 'nobody', by)).rejects.toThrow('no such photo')
    await library().documents.add('ana', await putDocument(store, 'ana', 'f1'), by)
    expect(await keysUnder(store, QUEUE)).toEqual([])
  })

  test('is made, and waits, while the edge refuses everything', async () => {
    await putItemAbc(store, openLibrary(store))
    server.invalidations.fail(1000, 403, 'AccessDenied')
    const { albums, unfinished } = library()
    await albums.remove('42', 'b', by)
    await queue.sender.look()
    expect(unfinished).toEqual([])
    expect(await queue.status()).toMatchObject({ waiting: 1, refusal: { reason: 'denied' } })
  })
})

test('requirements: Flows – hundreds of changes at once wait for nobody: all are purged, in full calls', async () => {
  const { albums, unfinished } = library()
  const items = Array.from({ length: 150 }, (_, index) => `i${index}`)
  const replace = async (itemId: string) => {
    const root = `items/${itemId}/photos`
    const shop = { owner: 'shop', access: 'public' } as const
    await albums.add(itemId, await putPhoto(store, 'p', { root }), { ...by, ifAbsent: shop })
    await albums.replace(itemId, await putPhoto(store, 'p', { root }), by)
  }
  const startMs = clock.elapsedMs()
  await Promise.all(items.map(replace))
  expect({ unfinished, waitedMs: clock.elapsedMs() - startMs }).toEqual({ unfinished: [], waitedMs: 0 })
  expect(server.invalidations.calls).toBe(0)
  expect(await queue.status()).toMatchObject({ waiting: 300 })
  await queue.drain()
  expect(itemsOf(server).map(({ length }) => length)).toEqual([100, 50, 100, 50])
  expect(new Set(itemsOf(server).flat())).toEqual(new Set(items.map((item) => `#photo:${item}%2Fp`)))
})

function library() {
  return openLibrary(store, { edge: queue.edge })
}

describe('the sweep', () => {
  test('hands over the purges that nobody lived to finish, and leaves the queue alone', async () => {
    const ahead = createClock()
    await announcePurge(store, { id: 'left', paths: ['items/7'] })
    await queue.edge.handOver({ id: 'due', paths: ['items/8'] })
    ahead.advance(HOUR_MS)
    const tally = await finishLeftOvers({ store, edge: queue.edge, clock: ahead })
    expect(tally).toMatchObject({ faults: [], findings: { leftOverIntents: { objects: 1 } } })
    expect(await keysUnder(store, QUEUE)).toEqual([`${QUEUE}due/due.json`, `${QUEUE}due/left.json`])
    await queue.drain()
    expect(itemsOf(server).flat()).toEqual(['#item:8', '#item:7', '#item:8', '#item:7'])
  })

  test('tells the edge of pictures that it may have read in the bucket too late, and of no others', async () => {
    const cat = `img/photos/cat.jpg/@${sourceVersion(await putText(store, 'photos/cat.jpg'), 'photos/cat.jpg')}`
    await putText(store, `${cat}old/800.webp`)
    for (const name of ['320', '800'])
      await putText(store, `img/photos/gone.jpg/@abcdefghijklnow/${name}.webp`)
    await putText(store, 'private/photos/hidden.jpg/@abcdefghijklnow/800.webp')
    const ahead = createClock()
    ahead.advance(31 * DAY_MS)
    const report = await sweepOnce(store, ahead, { edge: queue.edge })
    expect(report.findings.deadVariants.objects).toBe(4)
    await queue.drain()
    expect(itemsOf(server)).toEqual([['#key:photos%2Fgone.jpg'], ['#key:photos%2Fgone.jpg']])
    expect(await keysUnder(store, QUEUE)).toEqual([])
  })

  test('removes what was noted of purges that somebody asked for, a week later', async () => {
    const ahead = createClock()
    await queue.handOver({ id: 'p', paths: ['items/7'], asked: true })
    await queue.drain()
    ahead.advance(6 * DAY_MS)
    await sweepOnce(store, ahead)
    expect(await keysUnder(store, QUEUE)).toHaveLength(1)
    ahead.advance(2 * DAY_MS)
    const report = await sweepOnce(store, ahead)
    expect(report.findings.oldPurges.objects).toBe(1)
    expect(await keysUnder(store, QUEUE)).toEqual([])
  })
})
