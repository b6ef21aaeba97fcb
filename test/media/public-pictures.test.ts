import { expect, test } from 'vitest'
import { listPublicPictures } from '../../src/media/public-pictures.ts'
import { albumKey, profileKey } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { putItem, putProfile, setAccess } from '../support/library.ts'

test('what everybody may see is listed, and no more than asked for', async () => {
  const store = createMemoryObjectStore()
  const contentType = 'application/json'
  for (const itemId of ['a', 'b', 'c']) await putItem(store, itemId, ['#ff0000'])
  await putItem(store, 'empty', [])
  await setAccess(store, 'b', 'private')
  await setAccess(store, 'c', 'authenticated')
  await putItem(store, 'd', ['#00ff00'])
  await putProfile(store, 'ana', '#0000ff')
  await store.put(albumKey('damaged'), Buffer.from('{'), { contentType })
  const nobody = { userId: 'bob', owner: 'bob', access: 'public', revision: 1 }
  await store.put(profileKey('bob'), Buffer.from(JSON.stringify(nobody)), { contentType })
  const list = async (max: number) => (await listPublicPictures(store, max)).map(({ path }) => path)
  expect(await list(10)).toEqual(['items/a', 'items/d', 'profiles/ana'])
  expect(await list(2)).toEqual(['items/a', 'items/d'])
  const [first] = await listPublicPictures(store, 1)
  expect(first).toMatchObject({
    photos: ['items/a/photos/p1'],
    cover: { photoId: 'p1', width: 1600, height: 1000 },
  })
})
