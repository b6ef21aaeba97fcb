import { GatewayError } from '../errors.ts'
import type { Albums } from '../library/library.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { placeOf } from './find-images.ts'
import type { Kept } from './kept-record.ts'
import { type ImageRecord, listingKey } from './records.ts'

/** Where what there is of an image lies. */
export interface ImageParts {
  readonly store: Pick<ObjectStore, 'delete'>
  readonly albums: Pick<Albums, 'removeAll'>
}

/** Removes an image whose record says that it is being deleted; the record goes last, unless it has come to life again. */
export async function clearImage(parts: ImageParts, { value, etag }: Kept<ImageRecord>): Promise<void> {
  await clearItem(parts, value)
  await parts.store.delete([placeOf(value.itemId).key], { ifMatch: etag })
}

/** Removes the item of an image and takes it from the list. */
export async function clearItem({ store, albums }: ImageParts, record: ImageRecord): Promise<void> {
  const { itemId, by } = record
  try {
    // Of one that was removed before, what was left then goes now.
    await albums.removeAll(itemId, { by, andAlbum: true })
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'not_found') throw error
  }
  await store.delete([listingKey(record)])
}
