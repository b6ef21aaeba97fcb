import { beforeEach, describe, expect, test } from 'vitest'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { lookUp } from '../../src/sources/look-up.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createRecordView, createSourceView } from '../../src/storage/source-view.ts'
import { parseSourcePath } from '../../src/urls/source-path.ts'
import { putItem, putProfile } from '../support/library.ts'

let store: ObjectStore
const find = (path: string) => {
  const views = {
    pictures: createSourceView(store, ['items/', 'profiles/']),
    records: createRecordView(store, ['items/', 'profiles/']),
  }
  return lookUp(views, parseSourcePath(path.split('/')))
}

beforeEach(async () => {
  store = createMemoryObjectStore()
  await putItem(store, '42', ['#ff0000', '#00ff00'])
  await putProfile(store, 'ana', '#0000ff')
})

async function change(itemId: string, edit: (record: ReturnType<typeof albumRecord.parse>) => object) {
  const album = await store.get(albumKey(itemId))
  const record = albumRecord.parse(album.outcome === 'found' ? JSON.parse(album.object.body.toString()) : {})
  await store.put(albumKey(itemId), Buffer.from(JSON.stringify(edit(record))), {
    contentType: 'application/json',
  })
}

describe('lookUp', () => {
  test.each([
    ['items/42', 'items/42/photos/p1', true],
    ['items/42/photos/p2', 'items/42/photos/p2', true],
    ['profiles/ana', 'profiles/ana', true],
  ])('%s is %s', async (path, canonical, managed) => {
    expect(await find(path)).toMatchObject({ at: { path: canonical }, managed, access: 'public' })
  })

  test.each(['items/43', 'items/42/photos/p9', 'profiles/ben', 'items/42/photos/p1/other.jpg'])(
    '%s is nothing',
    async (path) => {
      expect(await find(path)).toBeUndefined()
    },
  )

  test('a file of the library is what its record says, by the name that was asked for', async () => {
    for (const path of ['items/42', 'profiles/ana']) {
      const photo = await find(path)
      const file = await find(photo?.key ?? '')
      expect(file).toEqual({ ...photo, at: { shape: 'key', path: photo?.key } })
    }
  })

  test('access that the record takes away is taken away from the file too', async () => {
    const key = (await find('items/42'))?.key ?? ''
    await change('42', (record) => ({ ...record, access: 'private' }))
    expect(await find(key)).toMatchObject({ access: 'private' })
  })

  test('a file that no record names any more is nothing, although it still lies there', async () => {
    const key = (await find('items/42'))?.key ?? ''
    await change('42', (record) => ({ ...record, photos: record.photos.slice(1) }))
    expect(await store.head(key)).toBeDefined()
    expect(await find(key)).toBeUndefined()
    await store.delete([albumKey('42')])
    expect(await find(key)).toBeUndefined()
  })

  test.each(['items/42/photos/p1/large.jpg', 'items/42/x.jpg', 'items/43/x.jpg', 'profiles/ana/x.jpg'])(
    'what an operator has put beside the library is believed by its key: %s',
    async (key) => {
      await store.put(key, Buffer.from('x'), { contentType: 'image/jpeg' })
      expect(await find(key)).toMatchObject({ key, access: 'public', managed: false })
    },
  )

  test.each(['authenticated', 'private'])('and it is %s when what it lies below is', async (access) => {
    const key = 'items/42/photos/p1/large.jpg'
    await store.put(key, Buffer.from('x'), { contentType: 'image/jpeg' })
    await change('42', (record) => ({ ...record, access }))
    expect(await find(key)).toMatchObject({ key, access, owner: 'tests', managed: false })
  })

  test('an original that was adopted under its own name is what the record says', async () => {
    const key = 'items/42/photos/p1/original.jpg'
    await store.put(key, Buffer.from('x'), { contentType: 'image/jpeg' })
    await change('42', (record) => ({
      ...record,
      access: 'private',
      photos: record.photos.map((photo) => ({ ...photo, key })),
    }))
    expect(await find(key)).toMatchObject({ key, access: 'private', owner: 'tests', managed: true })
  })

  test('below a record that cannot be understood nothing is shown', async () => {
    const key = 'items/42/photos/p1/large.jpg'
    await store.put(key, Buffer.from('x'), { contentType: 'image/jpeg' })
    await change('42', (record) => ({ ...record, access: 'secret' }))
    await expect(find(key)).rejects.toMatchObject({ code: 'record_invalid' })
  })

  test.each([
    ['another item', (record: object) => ({ ...record, itemId: '43' })],
    ['photos without keys', (record: object) => ({ ...record, photos: [{ photoId: 'p1' }] })],
  ])('a record of %s is invalid', async (_, edit) => {
    await change('42', edit)
    await expect(find('items/42')).rejects.toMatchObject({ code: 'record_invalid' })
  })
})
