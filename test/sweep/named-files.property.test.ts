import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { albumKey, type AlbumRecord, albumRecord } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createClock, DAY_MS, fileKey, putAlbum, putText, sweepOnce } from './sweeping.ts'

const ITEM = '42'
const ROUNDS = 3
/** Files that lie there, marked and due, before anything else happens. */
const OLD = ['a', 'b'] as const

/** A store whose calls take effect, and whose answers arrive, in whatever order the scheduler chooses. */
function scheduled(store: ObjectStore, scheduler: fc.Scheduler): ObjectStore {
  const inTurn = async <T>(label: string, call: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve(), label)
    const answer = await call()
    await scheduler.schedule(Promise.resolve(), `${label}, answered`)
    return answer
  }
  return {
    head: async (key, options) => inTurn(`head ${key}`, async () => store.head(key, options)),
    get: async (key, options) => inTurn(`get ${key}`, async () => store.get(key, options)),
    put: async (key, bytes, options) => inTurn(`put ${key}`, async () => store.put(key, bytes, options)),
    delete: async (keys, options) => inTurn(`delete ${keys[0]}`, async () => store.delete(keys, options)),
    list: (prefix, options) => store.list(prefix, options),
  }
}

/** Changes the album as the library does: over the version that was read, again until it was the newest. */
async function changeAlbum(
  store: ObjectStore,
  change: (photos: AlbumRecord['photos']) => AlbumRecord['photos'],
) {
  for (;;) {
    const read = await store.get(albumKey(ITEM))
    if (read.outcome !== 'found') throw new Error('The album is gone')
    const record = albumRecord.parse(JSON.parse(read.object.body.toString()))
    const body = Buffer.from(JSON.stringify({ ...record, photos: change(record.photos) }))
    const options = { contentType: 'application/json', ifMatch: read.object.etag }
    if ((await store.put(albumKey(ITEM), body, options)).outcome === 'stored') return
  }
}

const photo = (fileId: string, etag: string) => ({
  photoId: `p-${fileId}`,
  key: fileKey(ITEM, fileId),
  etag,
  contentType: 'image/jpeg',
  bytes: 1,
  width: 1,
  height: 1,
  addedAt: new Date().toISOString(),
})

/** People who change the album while it is swept. */
function createPeople(store: ObjectStore) {
  const added = new Map<string, string>()
  let adding = 0

  const name = async (fileId: string) => {
    const entry = photo(fileId, added.get(fileId) ?? '')
    await changeAlbum(store, (photos) => [...photos.filter(({ key }) => key !== entry.key), entry])
  }
  const unname = async (fileId: string) =>
    changeAlbum(store, (photos) => photos.filter(({ key }) => key !== fileKey(ITEM, fileId)))

  return {
    /** A file that was added long ago. */
    know: (fileId: string, etag: string) => added.set(fileId, etag),
    /** Days pass only while nobody is between storing a file and naming it. */
    isAdding: () => adding > 0,
    async add(fileId: string) {
      if (added.has(fileId)) return
      adding += 1
      added.set(fileId, '')
      const put = await store.put(fileKey(ITEM, fileId), Buffer.from(fileId), { contentType: 'image/jpeg' })
      if (put.outcome === 'stored') added.set(fileId, put.etag)
      await name(fileId)
      adding -= 1
    },
    remove: unname,
    /** Names an older file again, against the rule that a name is never used twice: commits, and then looks. */
    async restore(fileId: string) {
      if (!added.get(fileId)) return
      await name(fileId)
      if ((await store.head(fileKey(ITEM, fileId))) === undefined) await unname(fileId)
    },
  }
}

const step = fc.record({
  act: fc.constantFrom('add', 'remove', 'restore'),
  fileId: fc.constantFrom(...OLD, 'c'),
  /** The sweep during which it is begun, and how many other things happen first. */
  round: fc.nat(ROUNDS - 1),
  delay: fc.nat(30),
})
const script = fc.array(step, { maxLength: 8 })

test('a file that a record names is never deleted, whatever the order of operations', async () => {
  const seen = { unnamedFiles: 0, restoredFiles: 0, liftedMarks: 0 }
  const property = fc.asyncProperty(fc.scheduler(), fc.tuple(script, script), async (scheduler, scripts) => {
    const bucket = createMemoryObjectStore()
    const store = scheduled(bucket, scheduler)
    const people = createPeople(store)
    const clock = createClock()
    await putAlbum(bucket, ITEM, [])
    for (const fileId of OLD) people.know(fileId, await putText(bucket, fileKey(ITEM, fileId), fileId))
    clock.advance(2 * DAY_MS)
    await sweepOnce(bucket, clock)
    clock.advance(8 * DAY_MS)

    const pass = async (turns: number) => {
      for (let turn = 0; turn < turns; turn += 1) await scheduler.schedule(Promise.resolve(), 'time passes')
    }
    const rounds = Array.from({ length: ROUNDS }, () => createDeferred<void>())
    const act = async (steps: (typeof scripts)[number]) => {
      for (const { act, fileId, round, delay } of steps.toSorted((one, other) => one.round - other.round)) {
        await rounds[round]?.promise
        await pass(delay)
        await people[act](fileId)
      }
    }
    const sweeper = async () => {
      for (const round of rounds) {
        round.resolve(undefined)
        const { findings } = await sweepOnce(store, clock)
        for (const finding of ['unnamedFiles', 'restoredFiles', 'liftedMarks'] as const)
          seen[finding] += findings[finding].objects
        while (people.isAdding()) await pass(1)
        clock.advance(8 * DAY_MS)
      }
    }
    await scheduler.waitFor(Promise.all([sweeper(), ...scripts.map(act)]))

    const album = await bucket.get(albumKey(ITEM))
    const record = album.outcome === 'found' ? JSON.parse(album.object.body.toString()) : undefined
    for (const { key, etag } of albumRecord.parse(record).photos) {
      expect(await bucket.head(key), key).toMatchObject({ etag })
    }
  })
  await fc.assert(property, { numRuns: 300 })
  // It has met what it is about.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
})
