import { beforeEach, describe, expect, test } from 'vitest'
import { type AdoptOptions, type AlbumOutcome, adopt } from '../../src/media/adopt.ts'
import type { PhotoOrder } from '../../src/media/photo-order.ts'
import { albumKey, albumRecord, profileKey, profileRecord } from '../../src/media/records.ts'
import { inspectPicture } from '../../src/pixels/inspect.ts'
import { FairBudget } from '../../src/admission/fair-budget.ts'
import { lookUp } from '../../src/sources/look-up.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createRecordView, createSourceView } from '../../src/storage/source-view.ts'
import { LIMITS } from '../pixels/limits.ts'
import { plainJpeg } from '../support/library.ts'
import { collect, listed } from './listing.ts'

let store: ObjectStore
let outcomes: AlbumOutcome[]

beforeEach(() => {
  store = createMemoryObjectStore()
  outcomes = []
})

const renderer = { inspect: (source: Uint8Array) => inspectPicture(source, LIMITS) }

function run(options: Partial<AdoptOptions> = {}) {
  return adopt({
    store,
    renderer,
    budget: new FairBudget({ capacity: 10_000_000 }),
    maxSourceBytes: 1_000_000,
    lanes: 3,
    order: new Map(),
    owner: 'shop',
    write: true,
    leaveOut: false,
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  })
}

async function put(key: string, bytes?: Uint8Array): Promise<string> {
  const body = bytes ?? (await plainJpeg('#336699', 60, 40))
  const result = await store.put(key, body, { contentType: 'application/octet-stream' })
  return result.outcome === 'stored' ? result.etag : ''
}

async function putPhoto(folder: string): Promise<void> {
  for (const name of ['large', 'medium', 'original', 'thumbnail']) await put(`${folder}/${name}.jpg`)
}

async function read(key: string): Promise<unknown> {
  const result = await store.get(key)
  return result.outcome === 'found' ? JSON.parse(result.object.body.toString()) : undefined
}

const photoIds = async (itemId: string) =>
  albumRecord.parse(await read(albumKey(itemId))).photos.map(({ photoId }) => photoId)

const orderOf = (albums: Record<string, { photos?: string[]; owner?: string }>): PhotoOrder =>
  new Map(
    Object.entries(albums).map(([item, { photos = [], owner }]) => [
      item,
      { photos: new Set(photos), owner },
    ]),
  )

describe('what is adopted', () => {
  test('has a record that says what the original is, and a look-up finds the photo and the cover by it', async () => {
    const etag = await put('items/42/photos/p1/original.jpg', await plainJpeg('#ff0000', 300, 200))
    await put('items/42/photos/p1/large.jpg')
    expect(await run()).toEqual({
      adopted: 1,
      present: 0,
      refused: 0,
      photos: 1,
      leftOut: 0,
      otherKeys: 0,
      missing: [],
    })
    const record = albumRecord.parse(await read(albumKey('42')))
    const facts = await store.head('items/42/photos/p1/original.jpg')
    expect(record).toEqual({
      itemId: '42',
      owner: 'shop',
      access: 'public',
      revision: 1,
      photos: [
        {
          photoId: 'p1',
          key: 'items/42/photos/p1/original.jpg',
          etag,
          contentType: 'image/jpeg',
          bytes: facts?.bytes,
          width: 300,
          height: 200,
          addedAt: facts?.lastModified.toISOString(),
        },
      ],
    })
    const views = {
      pictures: createSourceView(store, ['items/']),
      records: createRecordView(store, ['items/']),
    }
    const cover = { shape: 'item-cover', path: 'items/42', itemId: '42' } as const
    expect(await lookUp(views, cover)).toMatchObject({
      key: 'items/42/photos/p1/original.jpg',
      managed: true,
    })
  })

  test('is in the order of the file, and behind that by photo id as people count', async () => {
    for (const photoId of ['p10', 'p9', 'cover', 'p2']) await putPhoto(`items/42/photos/${photoId}`)
    await putPhoto('items/43/photos/p10')
    await putPhoto('items/43/photos/p9')
    await run({ order: orderOf({ 42: { photos: ['p9', 'cover'] } }) })
    expect(await photoIds('42')).toEqual(['p9', 'cover', 'p2', 'p10'])
    expect(await photoIds('43')).toEqual(['p9', 'p10'])
  })

  test('belongs to the owner that the file names, else to the one for all', async () => {
    await putPhoto('items/42/photos/p1')
    await putPhoto('items/43/photos/p1')
    await run({ order: orderOf({ 42: { owner: 'u7' } }) })
    expect(await read(albumKey('42'))).toMatchObject({ owner: 'u7' })
    expect(await read(albumKey('43'))).toMatchObject({ owner: 'shop' })
  })

  test('may be a profile, which belongs to its user', async () => {
    await putPhoto('profiles/u7/photo/p1')
    await run()
    const record = profileRecord.parse(await read(profileKey('u7')))
    expect(record).toMatchObject({
      userId: 'u7',
      owner: 'u7',
      photo: { photoId: 'p1', width: 60, height: 40 },
    })
  })

  test('is neither moved nor changed, and nothing but records is added', async () => {
    await putPhoto('items/42/photos/p1')
    await putPhoto('profiles/u7/photo/p1')
    await put('items/42/notes.txt')
    const before = await collect(store.list(''))
    expect(await run()).toMatchObject({ adopted: 2, otherKeys: 1 })
    const after = await collect(store.list(''))
    expect(after).toEqual(expect.arrayContaining(before))
    const records = after.filter(({ key }) => !before.some((known) => known.key === key))
    expect(records.map(({ key }) => key)).toEqual([albumKey('42'), profileKey('u7')])
  })

  test('is told by a dry run, which writes nothing', async () => {
    await putPhoto('items/42/photos/p1')
    await put('items/43/photos/p1/original.jpg', Buffer.from('no picture'))
    const before = await collect(store.list(''))
    const told = await run({ write: false })
    expect(await collect(store.list(''))).toEqual(before)
    expect(told).toMatchObject({ adopted: 1, refused: 1, photos: 1 })
    expect(await run()).toEqual(told)
  })
})

describe('what has a record', () => {
  test('is left as it is, and none of its photos is read', async () => {
    await putPhoto('items/42/photos/p1')
    await put(albumKey('42'), Buffer.from('{"broken"'))
    const report = await run({
      store: { ...store, get: async (key) => expect.fail(`${key} was read`) },
      order: orderOf({ 42: { photos: ['p1'] } }),
    })
    expect(report).toMatchObject({ adopted: 0, present: 1, missing: [] })
    const record = await store.get(albumKey('42'))
    expect(record.outcome === 'found' && record.object.body.toString()).toBe('{"broken"')
  })

  test('is left as it is if the record was made after the listing', async () => {
    await putPhoto('items/42/photos/p1')
    const inspect = async (source: Uint8Array) => {
      await put(albumKey('42'), Buffer.from('"of somebody else"'))
      return renderer.inspect(source)
    }
    expect(await run({ renderer: { inspect } })).toMatchObject({ adopted: 0, present: 1 })
    expect(await read(albumKey('42'))).toBe('of somebody else')
  })

  test('is what an interrupted run had done: the next one does the rest', async () => {
    for (let item = 1; item <= 9; item += 1) await putPhoto(`items/${item}/photos/p1`)
    let reads = 0
    const failing: ObjectStore = {
      ...store,
      get: async (key, options) => {
        reads += 1
        if (reads > 5) throw new Error('the bucket is away')
        return store.get(key, options)
      },
    }
    await expect(run({ store: failing })).rejects.toThrow('the bucket is away')
    const done = outcomes.length
    expect(done).toBe(5)
    expect(await run()).toMatchObject({ adopted: 9 - done, present: done })
  })
})

describe('what is refused', () => {
  const refusals: readonly [what: string, keys: Record<string, string | number>, reason: RegExp][] = [
    ['no picture', { 'items/1/photos/p/original.jpg': 'text' }, /^photo p: The source is no picture/],
    ['a HEIC', { 'items/1/photos/p/original.heic': '\0\0\0\x18ftypheic\0\0\0\0mif1heic' }, /Most Compatible/],
    [
      'a file that is too large',
      { 'items/1/photos/p/original.jpg': 1_000_001 },
      /1000001 bytes; at most 1000000/,
    ],
    [
      'sizes alone',
      { 'items/1/photos/p/large.jpg': 1, 'items/1/photos/p/medium.jpg': 1 },
      /beside large.jpg, medium.jpg$/,
    ],
    [
      'two originals',
      { 'items/1/photos/p/original.jpg': 1, 'items/1/photos/p/original.png': 1 },
      /two originals, .*jpg and .*png/,
    ],
    ['an item id that no URL can name', { 'items/a b/photos/p/original.jpg': 1 }, /^"a b" is no id/],
    ['a photo id that no URL can name', { 'items/1/photos/p+/original.jpg': 1 }, /^photo "p\+" is no id/],
    [
      'two photos of a user',
      { 'profiles/u/photo/p/original.jpg': 1, 'profiles/u/photo/q/original.jpg': 1 },
      /2 photos; a profile has one/,
    ],
  ]

  test.each(refusals)('%s', async (_, keys, reason) => {
    for (const [key, content] of Object.entries(keys)) {
      await put(key, typeof content === 'string' ? Buffer.from(content, 'latin1') : Buffer.alloc(content))
    }
    expect(await run()).toMatchObject({ adopted: 0, refused: 1 })
    expect(outcomes).toMatchObject([{ outcome: 'refused', reasons: [expect.stringMatching(reason)] }])
    expect(await collect(store.list(''))).toHaveLength(Object.keys(keys).length)
  })

  test('an item without an owner', async () => {
    await putPhoto('items/42/photos/p1')
    expect(await run({ owner: undefined })).toMatchObject({ adopted: 0, refused: 1 })
    expect(outcomes[0]?.reasons).toEqual(['nobody is named as its owner'])
  })

  test('an item of which the order names a photo that is not there; items without a photo are missing', async () => {
    await putPhoto('items/42/photos/p1')
    const order = orderOf({ 42: { photos: ['p1', 'p2'] }, 43: { photos: ['p1'] }, 44: {} })
    await put('items/44/notes.txt')
    expect(await run({ order })).toMatchObject({ adopted: 0, refused: 1, missing: ['43', '44'] })
    const refused = outcomes.find(({ path }) => path === 'items/42')
    expect(refused?.reasons).toEqual(['photo p2: the order names it, and the bucket has none'])
  })

  test('is left out of an item that has other photos, where that is wanted', async () => {
    await putPhoto('items/42/photos/p1')
    await put('items/42/photos/p2/original.jpg', Buffer.from('text'))
    await put('items/43/photos/p1/original.jpg', Buffer.from('text'))
    expect(await run()).toMatchObject({ adopted: 0, refused: 2, leftOut: 0 })
    expect(await run({ leaveOut: true })).toMatchObject({ adopted: 1, refused: 1, leftOut: 1, photos: 1 })
    expect(await photoIds('42')).toEqual(['p1'])
  })

  test('is nothing when a worker fails: that is no verdict on the picture, and ends the run', async () => {
    await putPhoto('items/42/photos/p1')
    const inspect = () => Promise.reject(new Error('A render worker failed'))
    await expect(run({ renderer: { inspect }, leaveOut: true })).rejects.toThrow('A render worker failed')
    expect(await store.head(albumKey('42'))).toBeUndefined()
  })
})

test('100,000 keys are read as they are needed: a few items at once, and a few originals', async () => {
  const body = Buffer.from('x')
  const seen = { listed: 0, done: 0, ahead: 0, reading: 0, mostReading: 0 }
  async function* list(prefix: string) {
    const items = prefix === 'items/' ? 20_000 : 0
    for (let item = 0; item < items; item += 1) {
      const folder = `items/${String(item).padStart(6, '0')}/photos/p1`
      seen.listed += 1
      seen.ahead = Math.max(seen.ahead, seen.listed - seen.done)
      for (const name of ['large', 'medium', 'original', 'small', 'thumbnail'])
        yield listed(`${folder}/${name}.jpg`, 1)
    }
  }
  const get: ObjectStore['get'] = async (key) => {
    seen.reading += 1
    seen.mostReading = Math.max(seen.mostReading, seen.reading)
    await new Promise(setImmediate)
    seen.reading -= 1
    const object = { ...listed(key), body, contentType: 'image/jpeg', metadata: {} }
    return { outcome: 'found', object }
  }
  const report = await run({
    store: { ...store, list, get },
    renderer: { inspect: async () => inspected },
    lanes: 4,
    budget: new FairBudget({ capacity: 3 }),
    write: false,
    onOutcome: () => (seen.done += 1),
  })
  expect(report).toMatchObject({ adopted: 20_000, photos: 20_000 })
  // Those in work, the one that was just begun, and one whose end is being told.
  expect(seen.ahead).toBeLessThanOrEqual(4 + 2)
  expect(seen.mostReading).toBe(3)
})

const inspected = {
  format: 'jpeg',
  contentType: 'image/jpeg',
  width: 60,
  height: 40,
  frames: 1,
  hasAlpha: false,
  orientation: 1,
} as const
