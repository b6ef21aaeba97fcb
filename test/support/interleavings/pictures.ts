import type { NewPhoto } from '../../../src/library/library.ts'
import type { ObjectStore } from '../../../src/storage/object-store.ts'
import { middleColour, plainJpeg } from '../library.ts'

/** So far apart that every encoder keeps them apart: a number in base six is red, green and blue. */
const LEVEL = 51
const BASE = 6

const files = new Map<number, Promise<Buffer>>()
const numbers = new WeakMap<Uint8Array, Promise<number>>()

/** A picture of a few pixels whose colour is this number, below 216. */
function pictureOf(number: number): Promise<Buffer> {
  const digits = [Math.floor(number / BASE ** 2), Math.floor(number / BASE), number].map((n) => n % BASE)
  const known = files.get(number) ?? plainJpeg(`rgb(${digits.map((n) => n * LEVEL).join(' ')})`, 16, 12)
  files.set(number, known)
  return known
}

/** A file of that picture in a slot (`items/42/photos/a`), as an upload puts it. */
export async function putPicture(
  store: Pick<ObjectStore, 'put'>,
  slot: string,
  number: number,
): Promise<NewPhoto> {
  const bytes = await pictureOf(number)
  const key = `${slot}/original-${crypto.randomUUID()}.jpg`
  const put = await store.put(key, bytes, { contentType: 'image/jpeg', ifNoneMatch: '*' })
  if (put.outcome !== 'stored') throw new Error(`${key} is there already`)
  const facts = { contentType: 'image/jpeg', bytes: bytes.length, width: 16, height: 12 }
  const photoId = slot.slice(slot.lastIndexOf('/') + 1)
  return { photoId, key, etag: put.etag, ...facts, addedAt: new Date().toISOString() }
}

/** The number of a picture, by its colour. */
export function numberIn(picture: Uint8Array): Promise<number> {
  const known = numbers.get(picture) ?? decode(picture)
  numbers.set(picture, known)
  return known
}

async function decode(picture: Uint8Array): Promise<number> {
  const digits = (await middleColour(picture)).map((part) => Math.round(part / LEVEL))
  return digits.reduce((number, digit) => number * BASE + digit, 0)
}
