import sharp from 'sharp'
import { createItem, createProfile } from '../../src/media/new-item.ts'
import { type Access, albumKey, albumRecord } from '../../src/media/records.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

/** A plain JPEG of one colour, named by it: which picture was served is seen in a pixel. */
export async function plainJpeg(background: string, width = 1600, height = 1000): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer()
}

/** The colour in the middle of a picture, as `[red, green, blue]`. */
export async function middleColour(picture: Uint8Array): Promise<number[]> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels
  return [...data.subarray(at, at + 3)]
}

/** Puts an item with photos `p1`, `p2`, … of the given colours into a store. */
export async function putItem(store: ObjectStore, itemId: string, colours: readonly string[]): Promise<void> {
  const photos = await Promise.all(colours.map(async (colour, index) => newPhoto(`p${index + 1}`, colour)))
  await createItem(store, { itemId, owner: 'tests', photos })
}

/** Puts a profile with a photo of the given colour into a store. */
export async function putProfile(store: ObjectStore, userId: string, colour: string): Promise<void> {
  await createProfile(store, { userId, photo: await newPhoto('p1', colour) })
}

/** Changes who may see an item, without a word to anybody. */
export async function setAccess(store: ObjectStore, itemId: string, access: Access, owner = 'tests') {
  const read = await store.get(albumKey(itemId))
  if (read.outcome !== 'found') throw new Error(`There is no item ${itemId}`)
  const record = albumRecord.parse(JSON.parse(read.object.body.toString()))
  await store.put(albumKey(itemId), Buffer.from(JSON.stringify({ ...record, access, owner })), {
    contentType: 'application/json',
    ifMatch: read.object.etag,
  })
}

async function newPhoto(photoId: string, colour: string) {
  const bytes = await plainJpeg(colour)
  const facts = {
    format: 'jpeg',
    contentType: 'image/jpeg',
    width: 1600,
    height: 1000,
    frames: 1,
    hasAlpha: false,
    orientation: 1,
  } as const
  return { photoId, bytes, facts }
}
