import { afterEach, beforeEach, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, putItem } from '../support/library.ts'
import { corners, CORNERS, encode } from '../support/pictures.ts'

/** Longer than a look-up is remembered. */
const PATIENCE = { timeout: 8_000 }
const BOX = '/img/items/42/photos/p1/320x320.png'

let bucket: ObjectStore
let gateway: TestGateway

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  await putItem(bucket, '42', ['#808080'])
  const { photos, ...record } = await readAlbum()
  const [photo] = photos
  // The album's one photo gets four corners to tell apart, under the key that it has.
  const put = await bucket.put(photo?.key ?? '', await encode(corners(1600, 400), 'png'), {
    contentType: 'image/png',
  })
  if (put.outcome !== 'stored') throw new Error('not stored')
  await writeAlbum({ ...record, photos: photos.map((entry) => ({ ...entry, etag: put.etag })) })
  gateway = await createTestGateway({ store: bucket })
})
afterEach(() => gateway.close())

async function readAlbum() {
  const got = await bucket.get(albumKey('42'))
  if (got.outcome !== 'found') throw new Error('no album')
  return albumRecord.parse(JSON.parse(got.object.body.toString()))
}

async function writeAlbum(record: object) {
  await bucket.put(albumKey('42'), Buffer.from(JSON.stringify(record)), { contentType: 'application/json' })
}

async function focusOn(x: number): Promise<void> {
  const record = await readAlbum()
  const photos = record.photos.map((photo) => ({ ...photo, focus: { x, y: 0.9 } }))
  await writeAlbum({ ...record, photos })
  await forget(bucket, ['items/42/photos/p1'])
}

test('a focal point in the record decides what a box shows, and names another version', async () => {
  const seen = new Map<string, number[]>()
  for (const x of [0, 1]) {
    await focusOn(x)
    await expect
      .poll(async () => {
        const answer = await gateway.fetch(BOX)
        const location = answer.headers.get('content-location') ?? ''
        seen.set(location, await middleColour(Buffer.from(await answer.arrayBuffer())))
        return seen.size
      }, PATIENCE)
      .toBe(x + 1)
  }
  const [left, right] = [...seen.values()]
  // The middle of a box of 320 out of 1280 by 320: half way down, on the line between the rows of colours.
  const near = (colour: number[] | undefined, names: readonly (keyof typeof CORNERS)[]) =>
    names.some((name) => CORNERS[name].every((value, index) => Math.abs(value - (colour?.[index] ?? 0)) < 30))
  expect(near(left, ['topLeft', 'bottomLeft'])).toBe(true)
  expect(near(right, ['topRight', 'bottomRight'])).toBe(true)
})

test('a focal point beyond the picture is no record that can be understood', async () => {
  await focusOn(1.5)
  await expect.poll(async () => (await gateway.fetch(BOX)).status, PATIENCE).toBe(500)
})
