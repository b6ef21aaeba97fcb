import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { listOutbox } from '../../src/events/outbox-contents.ts'
import { createWriteGuard } from '../../src/library/write-guard.ts'
import { albumKey } from '../../src/media/records.ts'
import { JOURNAL_KEY } from '../../src/sources/journal.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { finishLeftOvers } from '../../src/sweep/intents.ts'
import { gateStore } from '../support/gated-store.ts'
import { createOutboxTwin, eventsIn } from '../support/outbox-twin.ts'
import { createClock, DAY_MS, HOUR_MS, sweepOnce } from '../sweep/sweeping.ts'
import {
  by,
  codeOf,
  ITEM,
  journalPaths,
  keysUnder,
  openLibrary,
  putDocument,
  putItemAbc,
  putPhoto,
  putText,
  SHOP,
} from './library.ts'

let bucket: ObjectStore

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  await putItemAbc(bucket, openLibrary(bucket))
})

const RECORD = albumKey(ITEM)
const isRecord = (key: string) => key === RECORD
const away = () => new GatewayError('bucket_unreachable', 'The bucket does not answer')

/** A store in which some calls of a verb end otherwise than in the bucket. */
function bend<Verb extends 'put' | 'delete' | 'get'>(
  verb: Verb,
  bent: (
    call: Parameters<ObjectStore[Verb]>,
    really: ObjectStore[Verb],
  ) => ReturnType<ObjectStore[Verb]> | undefined,
): ObjectStore {
  const really = bucket[verb]
  const call = (...args: Parameters<ObjectStore[Verb]>) =>
    bent(args, really) ?? Reflect.apply(really, bucket, args)
  return { ...bucket, [verb]: call }
}

async function finishLater(): Promise<void> {
  const clock = createClock()
  clock.advance(HOUR_MS)
  const tally = await finishLeftOvers({ store: bucket, outbox: createOutboxTwin(bucket), clock })
  expect(tally.faults).toEqual([])
}

const lastEvents = async () =>
  (await eventsIn(bucket)).slice(3).map(({ state, event }) => `${state} ${event.type}`)

describe('a failure after the commit', () => {
  test.each([
    'system/journal.json',
    'img/',
    `items/${ITEM}/photos/`,
    'system/twin-events/',
    'system/purges/',
  ])('at %s is not that of the change; what is left is finished later', async (prefix) => {
    await putText(bucket, `img/items/${ITEM}/photos/b/@abcdefghijklnow/800.webp`)
    let committed = false
    const fails = (key: string) => committed && key.startsWith(prefix)
    const store: ObjectStore = {
      ...bucket,
      put: async (key, ...rest) => {
        if (fails(key)) throw away()
        const put = await bucket.put(key, ...rest)
        committed ||= key === RECORD
        return put
      },
      delete: async (keys, options) => {
        if (keys.some(fails)) throw away()
        await bucket.delete(keys, options)
      },
    }
    const { albums, unfinished } = openLibrary(store)
    const photo = await putPhoto(bucket, 'b')
    const record = await albums.replace(ITEM, photo, by)
    expect(record.photos[1]).toEqual(photo)
    expect(unfinished).toMatchObject([{ code: 'bucket_unreachable' }])
    expect(await keysUnder(bucket, 'system/purges/')).toHaveLength(1)
    await finishLater()
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
    expect(await keysUnder(bucket, 'img/')).toEqual([])
    expect(await keysUnder(bucket, `items/${ITEM}/photos/b/`)).toEqual([photo.key])
    expect(await journalPaths(bucket)).toContain(`items/${ITEM}/photos/b`)
    expect(await lastEvents()).toEqual(['confirmed media.replaced'])
  })
})

test('an event that was only intended is confirmed in the outbox of the bucket', async () => {
  const store = bend('put', ([key]) => (key === JOURNAL_KEY ? Promise.reject(away()) : undefined))
  const { albums } = openLibrary(store, { outbox: createEventOutbox({ store: bucket }) })
  await albums.remove(ITEM, 'a', by)
  const clock = createClock()
  clock.advance(HOUR_MS)
  await finishLeftOvers({ store: bucket, outbox: createEventOutbox({ store: bucket }), clock })
  const waiting = []
  for await (const { entry } of listOutbox(bucket, 'pending')) waiting.push(entry)
  expect(waiting).toMatchObject([{ state: 'confirmed', event: { type: 'media.deleted', revision: 4 } }])
})

describe('an answer that is lost', () => {
  test('and the write was made: the change is made once', async () => {
    const store = bend('put', ([key, ...rest], really) => {
      if (!isRecord(key)) return undefined
      return really(key, ...rest).then(() => {
        throw away()
      })
    })
    const { albums } = openLibrary(store)
    expect(await albums.setCover(ITEM, 'c', by)).toMatchObject({ revision: 4 })
    expect(await lastEvents()).toEqual(['confirmed media.reordered'])
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
  })

  test('and the write was repeated, so that it conflicts with itself: the change is made once', async () => {
    const store = bend('put', ([key, ...rest], really) => {
      if (!isRecord(key)) return undefined
      return really(key, ...rest).then(async () => really(key, ...rest))
    })
    const photo = await putPhoto(bucket, 'd')
    expect(await openLibrary(store).albums.add(ITEM, photo, by)).toMatchObject({ revision: 4 })
    expect((await openLibrary(bucket).albums.find(ITEM))?.photos).toHaveLength(4)
    expect(await lastEvents()).toEqual(['confirmed media.created'])
  })

  test('and nobody can tell: it is told as a failure, and settled by the record', async () => {
    const losing = bend('put', ([key, ...rest], really) => {
      if (!isRecord(key)) return undefined
      return really(key, ...rest).then(() => {
        throw away()
      })
    })
    const gated = gateStore(losing)
    const gate = gated.hold('put', isRecord)
    const change = codeOf(openLibrary(gated.store).albums.remove(ITEM, 'a', by))
    await gate.reached
    gated.setAway(true)
    gate.release()
    expect(await change).toBe('bucket_unreachable')
    expect(await lastEvents()).toEqual(['intended media.deleted'])
    await finishLater()
    expect(await lastEvents()).toEqual(['confirmed media.deleted'])
    expect(await keysUnder(bucket, `items/${ITEM}/photos/a/`)).toEqual([])
  })

  test('and the write was not made: the announcement is taken back', async () => {
    const store = bend('put', ([key]) => (isRecord(key) ? Promise.reject(away()) : undefined))
    expect(await codeOf(openLibrary(store).albums.remove(ITEM, 'a', by))).toBe('bucket_unreachable')
    expect(await lastEvents()).toEqual(['intended media.deleted'])
    await finishLater()
    expect(await lastEvents()).toEqual([])
    expect(await keysUnder(bucket, `items/${ITEM}/photos/a/`)).toHaveLength(1)
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
  })
})

test('an announcement of a change that was not made is taken back in a record that remembers none, too', async () => {
  const { changes: _changes, ...old } = (await openLibrary(bucket).albums.find(ITEM)) ?? {}
  await putText(bucket, RECORD, JSON.stringify(old))
  const store = bend('put', ([key]) => (isRecord(key) ? Promise.reject(away()) : undefined))
  expect(await codeOf(openLibrary(store).albums.setCover(ITEM, 'b', by))).toBe('bucket_unreachable')
  await finishLater()
  expect(await lastEvents()).toEqual([])
})

describe('somebody who is faster', () => {
  test('wins; the change is made again on what they left, and announced once', async () => {
    const gated = gateStore(bucket)
    const gate = gated.hold('put', isRecord)
    const slow = openLibrary(gated.store).albums.reorder(ITEM, ['c', 'b', 'a'], by)
    await gate.reached
    await openLibrary(bucket).albums.adjust(ITEM, 'a', { focus: { x: 1, y: 1 } }, by)
    gate.release()
    expect((await slow).photos.map(({ photoId, focus }) => [photoId, focus?.x])).toEqual([
      ['c', undefined],
      ['b', undefined],
      ['a', 1],
    ])
    expect(await lastEvents()).toEqual(['confirmed media.reordered'])
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
  })

  test('with a change that it no longer fits: nothing is changed, nor announced', async () => {
    const gated = gateStore(bucket)
    const gate = gated.hold('put', isRecord)
    const slow = codeOf(openLibrary(gated.store).albums.reorder(ITEM, ['c', 'b', 'a'], by))
    await gate.reached
    await openLibrary(bucket).albums.remove(ITEM, 'b', by)
    gate.release()
    expect(await slow).toBe('conflict')
    expect(await lastEvents()).toEqual(['confirmed media.deleted'])
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
  })

  test('always: whoever leaves meanwhile changes nothing', async () => {
    const store = bend('put', ([key]) =>
      isRecord(key) ? Promise.resolve({ outcome: 'conflict' }) : undefined,
    )
    const controller = new AbortController()
    const change = openLibrary(store).albums.setCover(ITEM, 'c', { ...by, signal: controller.signal })
    controller.abort(new Error('gone'))
    await expect(change).rejects.toThrow(/gone|aborted/)
    expect((await openLibrary(bucket).albums.find(ITEM))?.revision).toBe(3)
  })
})

describe('an item that is being deleted', () => {
  const deletion = { ...by, andAlbum: true }

  /** Somebody who deletes the item and dies when it is marked. */
  async function dieDeleting(): Promise<void> {
    const gated = gateStore(bucket)
    const gate = gated.hold('delete', (key) => key.startsWith(`items/${ITEM}/`))
    const deleting = openLibrary(gated.store).albums.removeAll(ITEM, deletion)
    await gate.reached
    gated.setAway(true)
    gate.release()
    await deleting
    // The held call was made; these were not.
    await putText(bucket, `items/${ITEM}/photos/a/original-left.jpg`)
  }

  test('is gone for everybody', async () => {
    await dieDeleting()
    const { albums } = openLibrary(bucket)
    expect(await albums.find(ITEM)).toBeUndefined()
    expect(await codeOf(albums.remove(ITEM, 'a', by))).toBe('not_found')
    expect(await codeOf(albums.add(ITEM, await putPhoto(bucket, 'd'), by))).toBe('not_found')
  })

  test.each<[who: string, finish: () => Promise<void>]>([
    ['whoever asks again', async () => openLibrary(bucket).albums.removeAll(ITEM, deletion)],
    ['the next look of the schedule', finishLater],
  ])('is gone from the bucket by %s', async (_, finish) => {
    await dieDeleting()
    await finish()
    await finishLater()
    expect(await keysUnder(bucket, `items/${ITEM}/`)).toEqual([])
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
    expect((await lastEvents()).every((event) => event === 'confirmed media.deleted')).toBe(true)
  })

  test('takes new photos when it is gone, and not before', async () => {
    await dieDeleting()
    const { albums } = openLibrary(bucket)
    const photo = await putPhoto(bucket, 'd', { root: 'items/42/photos' })
    const add = albums.add(ITEM, photo, { ...by, ifAbsent: SHOP })
    await finishLater()
    // The deletion took the file, too: it lay there before the item was gone.
    expect(await codeOf(add)).toBe('conflict')
    const again = await putPhoto(bucket, 'd')
    expect(await albums.add(ITEM, again, { ...by, ifAbsent: SHOP })).toMatchObject({
      revision: 1,
      photos: [again],
    })
  })
})

test('an expired document and its file are removed by the sweep, unnamed files a week later', async () => {
  const { documents } = openLibrary(bucket)
  const clock = createClock()
  const expiresAt = new Date(clock.now() + DAY_MS).toISOString()
  await documents.add('u7', await putDocument(bucket, 'u7', 'd1', expiresAt), by)
  await documents.add('u7', await putDocument(bucket, 'u7', 'd2'), by)
  const kept = ['verification/u7/documents.json', 'verification/u7/passport/d2/pass.pdf']
  await putDocument(bucket, 'u7', 'd3')
  expect((await sweepOnce(bucket, clock)).findings.expiredDocuments.objects).toBe(0)
  clock.advance(2 * DAY_MS)
  const dry = await sweepOnce(bucket, clock, { deletes: false })
  expect(dry.findings).toMatchObject({ expiredDocuments: { objects: 1 }, newMarks: { objects: 1 } })
  expect(await keysUnder(bucket, 'verification/')).toHaveLength(4)
  expect((await sweepOnce(bucket, clock)).findings.expiredDocuments.objects).toBe(1)
  expect(await keysUnder(bucket, 'verification/')).toEqual([...kept, 'verification/u7/passport/d3/pass.pdf'])
  clock.advance(8 * DAY_MS)
  await sweepOnce(bucket, clock)
  expect(await keysUnder(bucket, 'verification/')).toEqual(kept)
})

test('documents whose record cannot be understood stay', async () => {
  await putDocument(bucket, 'u7', 'd1')
  await putText(bucket, 'verification/u7/documents.json', '{')
  const clock = createClock()
  for (const days of [2, 8]) {
    clock.advance(days * DAY_MS)
    expect((await sweepOnce(bucket, clock)).faultCount).toBe(2)
  }
  expect(await keysUnder(bucket, 'verification/')).toHaveLength(2)
})

test('notes on uploads go after a week', async () => {
  await putText(bucket, 'system/uploads/u1.json', '{}')
  const clock = createClock()
  clock.advance(6 * DAY_MS)
  expect((await sweepOnce(bucket, clock)).findings.oldUploadStates.objects).toBe(0)
  clock.advance(2 * DAY_MS)
  expect((await sweepOnce(bucket, clock)).findings.oldUploadStates.objects).toBe(1)
  expect(await keysUnder(bucket, 'system/uploads/')).toEqual([])
})

describe('a bucket that ignores conditions', () => {
  const lawless = (): ObjectStore => ({
    ...bucket,
    put: async (key, bytes, { ifMatch: _match, ifNoneMatch: _none, ...options }) =>
      bucket.put(key, bytes, options),
  })

  test('is read only: nothing is changed, reads go on', async () => {
    const store = lawless()
    const { albums } = openLibrary(store, { assertWritable: createWriteGuard({ store }) })
    expect(await codeOf(albums.remove(ITEM, 'a', by))).toBe('library_read_only')
    expect((await albums.find(ITEM))?.photos).toHaveLength(3)
  })

  test('is tried again after a while', async () => {
    let elapsedMs = 0
    let store = lawless()
    const through: ObjectStore = { ...bucket, put: async (...call) => store.put(...call) }
    const guard = createWriteGuard({ store: through, retryMs: 1000, elapsedMs: () => elapsedMs })
    expect(await codeOf(guard())).toBe('library_read_only')
    store = bucket
    expect(await codeOf(guard())).toBe('library_read_only')
    elapsedMs = 1000
    await guard()
    store = lawless()
    elapsedMs = 1_000_000
    await guard()
  })
})
