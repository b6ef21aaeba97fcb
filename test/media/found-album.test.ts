import { expect, test } from 'vitest'
import {
  type AlbumRoot,
  type FoundAlbum,
  groupAlbums,
  MAX_ALBUM_PHOTOS,
} from '../../src/media/found-album.ts'
import { collect, listed, listingOf } from './listing.ts'

async function group(root: AlbumRoot, keys: readonly string[]): Promise<FoundAlbum[]> {
  const sizes = Object.fromEntries(keys.map((key) => [key, 1]))
  return collect(groupAlbums(root, listingOf(sizes)))
}

test('finds originals by their name, whatever lies beside them', async () => {
  const folder = 'items/42/photos/p1'
  const names = [
    'large.jpg',
    'medium.jpg',
    'original.jpg',
    'original-1a2b.jpg',
    'original',
    'my.original.jpg',
  ]
  const [album] = await group(
    'items',
    names.map((name) => `${folder}/${name}`),
  )
  const photo = album?.photos.get('p1')
  expect(photo?.originals).toEqual([listed(`${folder}/original.jpg`)])
  expect(photo?.others).toEqual(['large.jpg', 'medium.jpg', 'my.original.jpg', 'original'])
})

test('keeps items apart whose ids begin alike, and in the order of their keys', async () => {
  const ids = ['42', '42-a', '42.b', '420', '4']
  const albums = await group(
    'items',
    ids.map((id) => `items/${id}/photos/p1/original.jpg`),
  )
  expect(albums.map(({ id, photos }) => [id, photos.size])).toEqual([
    ['4', 1],
    ['42-a', 1],
    ['42.b', 1],
    ['42', 1],
    ['420', 1],
  ])
})

test('sees the record, before the photos (an album) and behind them (a profile)', async () => {
  const items = ['items/1/album.json', 'items/1/photos/p/original.png', 'items/2/photos/p/original.png']
  expect((await group('items', items)).map(({ hasRecord }) => hasRecord)).toEqual([true, false])
  const profiles = ['profiles/u/photo/p/original.png', 'profiles/u/profile.json']
  expect(await group('profiles', profiles)).toMatchObject([{ root: 'profiles', id: 'u', hasRecord: true }])
})

test('counts what is no photo, and takes no notice of what stands for a folder', async () => {
  const keys = [
    'items/1/',
    'items/1/photos/',
    'items/1/notes.txt',
    'items/1/photos/x.jpg',
    'items/1/photos/p/q/r.jpg',
  ]
  expect(await group('items', [...keys, 'items/readme.txt'])).toEqual([
    { root: 'items', id: '1', hasRecord: false, photos: new Map(), otherKeys: 3 },
  ])
})

test('holds no more of an item than an album may have, and one', async () => {
  async function* endless() {
    for (let photo = 0; photo < 5000; photo += 1) yield listed(`items/1/photos/p${photo}/original.jpg`)
  }
  const [album] = await collect(groupAlbums('items', endless()))
  expect(album?.photos.size).toBe(MAX_ALBUM_PHOTOS + 1)
})
