import { beforeEach, describe, expect, test } from 'vitest'
import { type ChangeOutcome, createBucketEvents } from '../../src/bucket-events/bucket-events.ts'
import { forget } from '../../src/cdn/forget.ts'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import {
  by,
  ITEM,
  journalPaths,
  keysUnder,
  openLibrary,
  putItemAbc,
  putPhoto,
  putText,
} from '../library/library.ts'
import { bare, BUCKET, createNotifyingStore, s3Message } from './notifications.ts'

let inner: ReturnType<typeof createMemoryObjectStore>
let bucket: ReturnType<typeof createNotifyingStore>
let purged: string[][]
let outcomes: Partial<Record<ChangeOutcome, number>>
let events: ReturnType<typeof createBucketEvents>

beforeEach(() => {
  inner = createMemoryObjectStore()
  bucket = createNotifyingStore(inner)
  purged = []
  outcomes = {}
  events = createBucketEvents({
    store: bucket.store,
    bucket: BUCKET,
    sources: ['items/', 'profiles/', 'photos/'],
    forget: async (paths) => {
      purged.push([...paths])
      await forget(bucket.store, paths)
    },
    onOutcome: (outcome, count) => (outcomes[outcome] = (outcomes[outcome] ?? 0) + count),
  })
})

/** Takes what the bucket has told so far. */
async function take(messages: readonly string[] = bucket.messages.splice(0)): Promise<string[]> {
  const before = purged.length
  for (const message of messages) await events.take(events.read(message))
  return purged.slice(before).flat()
}

/** The same as one notification, as they come when many wait. */
async function takeAtOnce(messages: readonly string[] = bucket.messages.splice(0)): Promise<string[]> {
  const before = purged.length
  await events.take(messages.flatMap((message) => events.read(message)))
  return purged.slice(before).flat()
}

const photo = (photoId: string) => `items/${ITEM}/photos/${photoId}`

describe('what Halftone writes itself', () => {
  async function change(): Promise<void> {
    const library = openLibrary(bucket.store)
    await putItemAbc(bucket.store, library)
    await library.albums.replace(ITEM, await putPhoto(bucket.store, 'b'), by)
    await library.albums.reorder(ITEM, ['c', 'b', 'a'], by)
    await library.albums.remove(ITEM, 'a', by)
    await library.profiles.setPhoto(
      'ana',
      await putPhoto(bucket.store, 'p1', { root: 'profiles/ana/photo' }),
      by,
    )
    await library.profiles.setPhoto(
      'ana',
      await putPhoto(bucket.store, 'p2', { root: 'profiles/ana/photo' }),
      by,
    )
  }

  test('is not purged again, told one by one when all is done', async () => {
    await change()
    expect(bucket.messages.length).toBeGreaterThan(30)
    expect(await take()).toEqual([])
    expect(outcomes).toEqual({ own: expect.any(Number), ignored: expect.any(Number) })
    // Records and files; the rest is the bookkeeping under system/.
    expect(outcomes.own).toBeGreaterThanOrEqual(15)
  })

  test('is not purged again, told all at once and the wrong way round', async () => {
    await change()
    expect(await takeAtOnce(bucket.messages.splice(0).toReversed())).toEqual([])
  })

  test('is purged once more at most when a whole item is deleted, and that does not go on', async () => {
    const library = openLibrary(bucket.store)
    await putItemAbc(bucket.store, library)
    await library.albums.removeAll(ITEM, { ...by, andAlbum: true })
    expect(await take()).toEqual([`items/${ITEM}`])
    // What that purge has written is told of, too.
    expect(bucket.messages.length).toBeGreaterThan(0)
    expect(await take()).toEqual([])
    expect(bucket.messages).toEqual([])
  })
})

describe('what others change', () => {
  test('a file that a record names: its photo, and its own path', async () => {
    const [first] = await putItemAbc(bucket.store, openLibrary(bucket.store))
    await take()
    await putText(bucket.store, first?.key ?? '', 'another picture')
    expect(await take()).toEqual([photo('a'), first?.key])
  })

  test('a file that a record names is removed', async () => {
    const [first] = await putItemAbc(bucket.store, openLibrary(bucket.store))
    await take()
    await bucket.store.delete([first?.key ?? ''])
    expect(await take()).toEqual([photo('a'), first?.key])
  })

  test('a record, written by another program: the whole item', async () => {
    await putItemAbc(bucket.store, openLibrary(bucket.store))
    await take()
    await reverseFromOutside()
    expect(await take()).toEqual([`items/${ITEM}`])
  })

  test('a record, told only when Halftone has changed it since: the whole item all the same', async () => {
    const library = openLibrary(bucket.store)
    await putItemAbc(bucket.store, library)
    await take()
    await reverseFromOutside()
    await library.albums.setCover(ITEM, 'b', by)
    expect(await takeAtOnce()).toEqual([`items/${ITEM}`])
  })

  test.each([
    ['an older version is copied back', { eventName: 'ObjectCreated:Copy', eTag: 'current' }],
    ['it is removed', { eventName: 'ObjectRemoved:Delete' }],
    ['the notification does not say its ETag', {}],
  ])('a record: %s', async (_, { eTag, ...record }: { eventName?: string; eTag?: string }) => {
    await putItemAbc(bucket.store, openLibrary(bucket.store))
    const stated = eTag === undefined ? {} : { eTag: bare((await inner.head(albumKey(ITEM)))?.etag) }
    expect(await take([s3Message([{ key: albumKey(ITEM), ...record, ...stated }])])).toEqual([
      `items/${ITEM}`,
    ])
  })

  test('a record that nobody understands: the whole item', async () => {
    await putText(bucket.store, albumKey(ITEM), 'no record')
    expect(await take()).toEqual([`items/${ITEM}`])
    await putText(bucket.store, `${photo('a')}/original-x.jpg`)
    expect(await take()).toEqual([`items/${ITEM}`])
  })

  test('a picture that has come back from an archive, though it is the same', async () => {
    const [first] = await putItemAbc(bucket.store, openLibrary(bucket.store))
    const restored = { eventName: 'ObjectRestore:Completed', key: first?.key ?? '', eTag: bare(first?.etag) }
    expect(await take([s3Message([restored])])).toEqual([photo('a'), first?.key])
  })

  test('any other picture: its own path', async () => {
    await putText(bucket.store, 'photos/two words.jpg')
    await putText(bucket.store, `items/${ITEM}/large.jpg`)
    expect(await takeAtOnce()).toEqual(['photos/two words.jpg', `items/${ITEM}/large.jpg`])
    await bucket.store.delete(['photos/two words.jpg'])
    expect(await take()).toEqual(['photos/two words.jpg'])
  })

  test('its variants go, and the replicas are told', async () => {
    await inner.put('img/photos/a.jpg/@123456789012345/800.webp', Buffer.from('old'), {
      contentType: 'image/webp',
    })
    await putText(bucket.store, 'photos/a.jpg')
    await take()
    expect(await keysUnder(inner, 'img/')).toEqual([])
    expect(await journalPaths(inner)).toEqual(['photos/a.jpg'])
    expect(await keysUnder(inner, 'system/purges/')).toEqual([])
  })
})

describe('no picture depends on', () => {
  test.each([
    'img/photos/a.jpg/@123456789012345/800.webp',
    'private/items/42/photos/a/@123456789012345/800.webp',
    'system/journal.json',
    'temp/uploads/1/a.jpg',
    'verification/ana/passport/1/pass.pdf',
    'videos/a.jpg',
    'photos/notes.json',
    'photos//a.jpg',
  ])('%s', async (key) => {
    await putText(bucket.store, key)
    expect(await take()).toEqual([])
    expect(outcomes).toEqual({ ignored: 1 })
  })

  test('another bucket', async () => {
    expect(await take([s3Message([{ key: 'photos/a.jpg' }], 'another')])).toEqual([])
  })

  test('a file of an upload that no record names yet', async () => {
    await putPhoto(bucket.store, 'a')
    expect(await take()).toEqual([])
  })
})

test('changes that come while others are purged share the next purge', async () => {
  const keys = Array.from({ length: 50 }, (_, index) => `photos/${index}.jpg`)
  await Promise.all(keys.map(async (key) => events.take(events.read(s3Message([{ key }])))))
  expect(purged.flat().toSorted()).toEqual(keys.toSorted())
  expect(purged.length).toBeLessThanOrEqual(2)
})

test('a purge that fails fails all who share it, and none after it', async () => {
  let fails = true
  const failing = createBucketEvents({
    store: inner,
    bucket: BUCKET,
    sources: ['photos/'],
    forget: async (paths) => {
      if (fails) throw new Error('the bucket is away')
      purged.push([...paths])
    },
    onOutcome: () => {},
  })
  const change = failing.read(s3Message([{ key: 'photos/a.jpg' }]))
  await expect(failing.take(change)).rejects.toThrow('away')
  fails = false
  await failing.take(change)
  expect(purged).toEqual([['photos/a.jpg']])
})

/** Turns the order of the photos round, as another program does. */
async function reverseFromOutside(): Promise<void> {
  const read = await inner.get(albumKey(ITEM))
  if (read.outcome !== 'found') throw new Error('There is no record')
  const album = albumRecord.parse(JSON.parse(read.object.body.toString()))
  await bucket.putForeign(albumKey(ITEM), JSON.stringify({ ...album, photos: album.photos.toReversed() }))
}
