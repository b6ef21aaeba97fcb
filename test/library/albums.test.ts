import { beforeEach, describe, expect, test } from 'vitest'
import type { NewPhoto } from '../../src/library/library.ts'
import { albumKey, type AlbumRecord } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { eventsIn } from '../support/outbox-twin.ts'
import {
  by,
  codeOf,
  ITEM,
  journalPaths,
  keysUnder,
  openLibrary,
  putFile,
  putItemAbc,
  putPhoto,
  putText,
  SHOP,
  type TestLibrary,
} from './library.ts'

let store: ObjectStore
let library: TestLibrary
let photos: readonly NewPhoto[]

beforeEach(async () => {
  store = createMemoryObjectStore()
  library = openLibrary(store)
  photos = await putItemAbc(store, library)
})

const idsOf = (record: AlbumRecord | undefined) => record?.photos.map(({ photoId }) => photoId).join('')
const slot = (photoId: string) => `items/${ITEM}/photos/${photoId}`

describe('requirements: Files – item photos: many, ordered, re-orderable, the first is the cover', () => {
  const verbs: readonly [verb: string, order: string, change: () => Promise<AlbumRecord | void>][] = [
    ['add at the end', 'abcd', async () => library.albums.add(ITEM, await putPhoto(store, 'd'), by)],
    [
      'add at the front',
      'dabc',
      async () => library.albums.add(ITEM, await putPhoto(store, 'd'), { ...by, at: 0 }),
    ],
    [
      'add in between',
      'adbc',
      async () => library.albums.add(ITEM, await putPhoto(store, 'd'), { ...by, at: 1 }),
    ],
    [
      'add beyond the end',
      'abcd',
      async () => library.albums.add(ITEM, await putPhoto(store, 'd'), { ...by, at: 9 }),
    ],
    ['add what is there', 'abc', async () => library.albums.add(ITEM, photoAt(1), { ...by, at: 0 })],
    ['replace in its slot', 'abc', async () => library.albums.replace(ITEM, await putPhoto(store, 'b'), by)],
    ['replace by the same', 'abc', async () => library.albums.replace(ITEM, photoAt(1), by)],
    ['reorder', 'cab', async () => library.albums.reorder(ITEM, ['c', 'a', 'b'], by)],
    ['cover', 'cab', async () => library.albums.setCover(ITEM, 'c', by)],
    ['focus', 'abc', async () => library.albums.adjust(ITEM, 'b', { focus: { x: 0.2, y: 1 } }, by)],
    ['time at the edge', 'abc', async () => library.albums.adjust(ITEM, 'b', { edgeSeconds: 60 }, by)],
    ['access', 'abc', async () => library.albums.setAccess(ITEM, 'private', by)],
    ['remove', 'ac', async () => library.albums.remove(ITEM, 'b', by)],
    ['remove all', '', async () => library.albums.removeAll(ITEM, by)],
  ]

  test.each(verbs)('%s: %s', async (_, order, change) => {
    const returned = await change()
    const found = await library.albums.find(ITEM)
    expect(idsOf(found)).toBe(order)
    expect(returned ?? found).toEqual(found)
    expect(library.unfinished).toEqual([])
    // Nothing is left to be done.
    expect(await keysUnder(store, 'system/purges/')).toEqual([])
    expect((await eventsIn(store)).map(({ state }) => state)).not.toContain('intended')
    // Files are those that the record names.
    const named = found?.photos.map(({ key }) => key) ?? []
    expect(await keysUnder(store, `items/${ITEM}/photos/`)).toEqual(named.toSorted())
  })

  test.each<[what: string, change: () => Promise<unknown>]>([
    ['the same file again', async () => library.albums.add(ITEM, photoAt(0), by)],
    ['the file that is in the slot', async () => library.albums.replace(ITEM, photoAt(0), by)],
    ['the order as it is', async () => library.albums.reorder(ITEM, ['a', 'b', 'c'], by)],
    ['the cover as it is', async () => library.albums.setCover(ITEM, 'a', by)],
    ['the access as it is', async () => library.albums.setAccess(ITEM, 'public', by)],
    ['the focus as it is', async () => library.albums.adjust(ITEM, 'a', { focus: null }, by)],
    [
      'the time at the edge as it is',
      async () => library.albums.adjust(ITEM, 'a', { edgeSeconds: null }, by),
    ],
  ])('%s changes nothing', async (_, change) => {
    const before = await store.head(albumKey(ITEM))
    await change()
    expect(await store.head(albumKey(ITEM))).toEqual(before)
    expect(await eventsIn(store)).toHaveLength(3)
  })

  test.each<[what: string, code: string, change: () => Promise<unknown>]>([
    ['an item twice', 'already_exists', async () => library.albums.create(ITEM, SHOP, by)],
    ['a photo for no item', 'not_found', async () => addTo('43')],
    [
      'a photo in a slot that is taken',
      'conflict',
      async () => library.albums.add(ITEM, await putPhoto(store, 'a'), by),
    ],
    [
      'a photo whose file is not there',
      'conflict',
      async () =>
        library.albums.add(ITEM, { ...photoAt(0), photoId: 'd', key: `${slot('d')}/original-x.jpg` }, by),
    ],
    [
      'a photo whose file is another one',
      'conflict',
      async () => library.albums.add(ITEM, { ...(await putPhoto(store, 'd')), etag: '"other"' }, by),
    ],
    [
      'a file of another item',
      'invalid_request',
      async () => library.albums.add(ITEM, await putFile(store, 'd', 'items/43/photos/d/original-x.jpg'), by),
    ],
    [
      'a file in a folder of a slot',
      'invalid_request',
      async () => library.albums.add(ITEM, await putFile(store, 'd', `${slot('d')}/x/original-x.jpg`), by),
    ],
    ['a slot that is none', 'invalid_request', async () => addTo(ITEM, '..')],
    ['an item that is none', 'invalid_request', async () => library.albums.find('../x')],
    [
      'replacing what is not there',
      'not_found',
      async () => library.albums.replace(ITEM, await putPhoto(store, 'd'), by),
    ],
    [
      'replacing by the file of another',
      'invalid_request',
      async () => library.albums.replace(ITEM, { ...photoAt(1), photoId: 'a' }, by),
    ],
    ['an order with one too few', 'conflict', async () => library.albums.reorder(ITEM, ['a', 'b'], by)],
    ['an order with one twice', 'conflict', async () => library.albums.reorder(ITEM, ['a', 'b', 'b'], by)],
    ['an order with a stranger', 'conflict', async () => library.albums.reorder(ITEM, ['a', 'b', 'd'], by)],
    [
      'an order with a fourth',
      'conflict',
      async () => library.albums.reorder(ITEM, ['a', 'b', 'c', 'a'], by),
    ],
    ['the cover of nothing', 'not_found', async () => library.albums.setCover(ITEM, 'd', by)],
    [
      'the focus of nothing',
      'not_found',
      async () => library.albums.adjust(ITEM, 'd', { focus: { x: 0, y: 0 } }, by),
    ],
    ['the access of nothing', 'not_found', async () => library.albums.setAccess('43', 'private', by)],
    ['removing what is not there', 'not_found', async () => library.albums.remove(ITEM, 'd', by)],
    [
      'deleting what is not there',
      'not_found',
      async () => library.albums.removeAll('43', { ...by, andAlbum: true }),
    ],
  ])('%s is refused: %s', async (_, code, change) => {
    const before = await store.head(albumKey(ITEM))
    expect(await codeOf(change())).toBe(code)
    expect(await store.head(albumKey(ITEM))).toEqual(before)
    expect(await keysUnder(store, 'system/purges/')).toEqual([])
    expect(await eventsIn(store)).toHaveLength(3)
  })

  test('an item has so many photos, and no more', async () => {
    const { albums } = openLibrary(store, { maxPhotos: 3 })
    expect(await codeOf(albums.add(ITEM, await putPhoto(store, 'd'), by))).toBe('limit_reached')
    await albums.remove(ITEM, 'a', by)
    expect(idsOf(await albums.add(ITEM, await putPhoto(store, 'd'), by))).toBe('bcd')
  })

  test('a file that was removed is not named again, even while it is there', async () => {
    await library.albums.remove(ITEM, 'a', by)
    expect(await codeOf(library.albums.add(ITEM, photoAt(0), by))).toBe('conflict')
    const { key } = photoAt(0)
    const again = await putFile(store, 'a', key)
    expect(await codeOf(library.albums.add(ITEM, again, by))).toBe('conflict')
    expect(idsOf(await library.albums.find(ITEM))).toBe('bc')
  })

  test('a new picture has no focal point of the old one', async () => {
    await library.albums.adjust(ITEM, 'b', { focus: { x: 0.2, y: 1 } }, by)
    const { photos } = await library.albums.replace(ITEM, await putPhoto(store, 'b'), by)
    expect(photos[1]).not.toHaveProperty('focus')
  })

  test('what is not named stays, and a new picture is kept at the edge as long as the old one', async () => {
    const focus = { x: 0.2, y: 1 }
    await library.albums.adjust(ITEM, 'b', { focus }, by)
    const both = await library.albums.adjust(ITEM, 'b', { edgeSeconds: 0 }, by)
    expect(both.photos[1]).toMatchObject({ focus, edgeSeconds: 0 })
    const replaced = await library.albums.replace(ITEM, await putPhoto(store, 'b'), by)
    expect(replaced.photos[1]).toHaveProperty('edgeSeconds', 0)
    const cleared = await library.albums.adjust(ITEM, 'b', { edgeSeconds: null }, by)
    expect(cleared.photos[1]).not.toHaveProperty('edgeSeconds')
  })

  test('a record counts its changes, and remembers the last 32', async () => {
    for (let turn = 0; turn < 40; turn += 1) await library.albums.setCover(ITEM, turn % 2 ? 'a' : 'b', by)
    const record = await library.albums.find(ITEM)
    expect(record?.revision).toBe(43)
    expect(record?.changes?.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 32 }, (_, index) => 12 + index),
    )
  })

  test('records from before there were revisions are changed too', async () => {
    const { changes: _changes, revision: _revision, ...old } = (await library.albums.find(ITEM)) ?? {}
    await putText(store, albumKey(ITEM), JSON.stringify(old))
    expect(await library.albums.setCover(ITEM, 'c', by)).toMatchObject({
      revision: 1,
      changes: [{ revision: 1 }],
    })
  })

  test('a record that cannot be understood is left as it is', async () => {
    await putText(store, albumKey(ITEM), '{')
    expect(await codeOf(library.albums.remove(ITEM, 'a', by))).toBe('record_invalid')
    expect(await keysUnder(store, slot('a'))).toHaveLength(1)
  })
})

describe('requirements: Flows – replace, reorder, delete: what is forgotten', () => {
  const variants = () =>
    [slot('a'), slot('b'), `${slot('b')}/original-x.jpg`].flatMap((source) =>
      ['img', 'private'].map((tree) => `${tree}/${source}/@abcdefghijklnow/800.webp`),
    )

  beforeEach(async () => {
    for (const key of variants()) await putText(store, key)
    await store.delete(['system/journal.json'])
  })

  test.each<[what: string, gone: RegExp, told: string[], change: () => Promise<unknown>]>([
    ['add', /^$/, [slot('d')], async () => library.albums.add(ITEM, await putPhoto(store, 'd'), by)],
    [
      'add a new cover',
      /^$/,
      [slot('d'), slot('a')],
      async () => library.albums.add(ITEM, await putPhoto(store, 'd'), { ...by, at: 0 }),
    ],
    [
      'replace',
      /photos\/b/,
      [slot('b')],
      async () => library.albums.replace(ITEM, await putPhoto(store, 'b'), by),
    ],
    [
      'focus',
      /photos\/a/,
      [slot('a')],
      async () => library.albums.adjust(ITEM, 'a', { focus: { x: 0, y: 0 } }, by),
    ],
    [
      'time at the edge',
      /^$/,
      [slot('a')],
      async () => library.albums.adjust(ITEM, 'a', { edgeSeconds: 60 }, by),
    ],
    ['reorder behind the cover', /^$/, [], async () => library.albums.reorder(ITEM, ['a', 'c', 'b'], by)],
    ['another cover', /^$/, [slot('a'), slot('c')], async () => library.albums.setCover(ITEM, 'c', by)],
    ['remove', /photos\/b/, [slot('b')], async () => library.albums.remove(ITEM, 'b', by)],
    [
      'remove the cover',
      /photos\/a/,
      [slot('a'), slot('b')],
      async () => library.albums.remove(ITEM, 'a', by),
    ],
    [
      'remove all',
      /photos/,
      [slot('a'), slot('b'), slot('c')],
      async () => library.albums.removeAll(ITEM, by),
    ],
    ['hide', /photos/, [`items/${ITEM}`], async () => library.albums.setAccess(ITEM, 'private', by)],
    [
      'delete',
      /photos/,
      [`items/${ITEM}`],
      async () => library.albums.removeAll(ITEM, { ...by, andAlbum: true }),
    ],
  ])('%s: variants %s go, replicas are told', async (_, gone, told, change) => {
    await change()
    const left = [...(await keysUnder(store, 'img/')), ...(await keysUnder(store, 'private/'))]
    expect(left).toEqual(
      variants()
        .filter((key) => !gone.test(key))
        .toSorted(),
    )
    expect(await journalPaths(store)).toEqual(told)
  })

  test('a deleted item leaves nothing in the bucket', async () => {
    await putText(store, `items/${ITEM}/photos/d/original-of-nobody.jpg`)
    await putText(store, `items/${ITEM}0/photos/a/original-of-another.jpg`)
    await library.albums.removeAll(ITEM, { ...by, andAlbum: true })
    expect(await keysUnder(store, `items/${ITEM}`)).toEqual([
      `items/${ITEM}0/photos/a/original-of-another.jpg`,
    ])
    expect([...(await keysUnder(store, 'img/')), ...(await keysUnder(store, 'private/'))]).toEqual([])
    expect(await library.albums.find(ITEM)).toBeUndefined()
    // And can be made anew.
    await library.albums.create(ITEM, SHOP, by)
    expect(await library.albums.find(ITEM)).toMatchObject({ photos: [], owner: 'shop' })
  })

  test("an item whose photos another program has put there is nobody's to take before it is adopted", async () => {
    const foreign = ['items/7/photos/p1/original.jpg', 'items/7/photos/p1/large.jpg']
    for (const key of foreign) await putText(store, key)
    expect(await codeOf(library.albums.create('7', SHOP, by))).toBe('conflict')
    const photo = await putPhoto(store, 'p2', { root: 'items/7/photos' })
    expect(await codeOf(library.albums.add('7', photo, { ...by, ifAbsent: SHOP }))).toBe('conflict')
    expect(await keysUnder(store, 'items/7/')).toEqual([...foreign, photo.key].toSorted())
    await store.delete(foreign)
    expect(await library.albums.add('7', photo, { ...by, ifAbsent: SHOP })).toMatchObject({ owner: 'shop' })
  })

  test('of an adopted photo the sizes beside it go too', async () => {
    const adopted = await putFile(store, 'd', `${slot('d')}/original.jpg`)
    for (const size of ['large', 'medium', 'thumbnail']) await putText(store, `${slot('d')}/${size}.jpg`)
    await putText(store, `${slot('d')}/original-coming.jpg`)
    await library.albums.add(ITEM, adopted, by)
    await library.albums.replace(ITEM, await putPhoto(store, 'd', { fileId: 'next' }), by)
    expect(await keysUnder(store, slot('d'))).toEqual([
      `${slot('d')}/original-coming.jpg`,
      `${slot('d')}/original-next.jpg`,
    ])
  })

  test('a file that does not lie in the folder of its slot is not touched', async () => {
    const elsewhere = await putFile(store, 'd', 'photos/old/d.jpg')
    const record = await library.albums.find(ITEM)
    const photos = [...(record?.photos ?? []), elsewhere]
    await putText(store, albumKey(ITEM), JSON.stringify({ ...record, photos }))
    await library.albums.remove(ITEM, 'd', by)
    expect(await store.head('photos/old/d.jpg')).toBeDefined()
    expect(idsOf(await library.albums.find(ITEM))).toBe('abc')
  })
})

function photoAt(index: number): NewPhoto {
  const photo = photos[index]
  if (photo === undefined) throw new Error('There is no such photo')
  return photo
}

async function addTo(itemId: string, photoId = 'd'): Promise<unknown> {
  const root = `items/${itemId}/photos`
  return library.albums.add(itemId, await putPhoto(store, photoId, { root }), by)
}
