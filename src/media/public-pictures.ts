import type { ObjectStore } from '../storage/object-store.ts'
import { itemPhotoPath } from '../urls/source-path.ts'
import { parseRecordTexts } from './record-texts.ts'
import { albumRecord, type PhotoEntry, profileRecord } from './records.ts'

const RECORD = /^(items\/[^/]+)\/album\.json$|^(profiles\/[^/]+)\/profile\.json$/

/** An item with photos, or a user with one, that everybody may see. */
export interface PublicPictures {
  /** `items/42` or `profiles/ana`. */
  readonly path: string
  /** Source paths of its photos, the cover first. */
  readonly photos: readonly string[]
  /** What its record says of the first of them. */
  readonly cover: PhotoEntry
}

/** All that everybody may see, in the order of keys. What has no record, or one that cannot be understood, is left out. */
export async function* findPublicPictures(
  store: Pick<ObjectStore, 'list' | 'get'>,
): AsyncGenerator<PublicPictures> {
  for (const prefix of ['items/', 'profiles/']) {
    for await (const { key } of store.list(prefix)) {
      const [, item, profile] = RECORD.exec(key) ?? []
      const path = item ?? profile
      const shown = path === undefined ? undefined : await readShown(store, key, path)
      if (shown !== undefined) yield shown
    }
  }
}

/** Items with photos and users with one, that everybody may see: `max` at most. */
export async function listPublicPictures(
  store: Pick<ObjectStore, 'list' | 'get'>,
  max: number,
): Promise<PublicPictures[]> {
  const found: PublicPictures[] = []
  for await (const pictures of findPublicPictures(store)) if (found.push(pictures) === max) break
  return found
}

async function readShown(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  path: string,
): Promise<PublicPictures | undefined> {
  const read = await store.get(key)
  if (read.outcome !== 'found') return undefined
  const value = parseRecordTexts(read.object.body)?.value
  const { data: album } = albumRecord.safeParse(value)
  if (album !== undefined) {
    const [cover] = album.photos
    if (album.access !== 'public' || album.deleted === true || cover === undefined) return undefined
    const photos = album.photos.map(({ photoId }) => itemPhotoPath(album.itemId, photoId))
    return { path, photos, cover }
  }
  const { data: profile } = profileRecord.safeParse(value)
  if (profile?.access !== 'public' || profile.photo === undefined) return undefined
  return { path, photos: [path], cover: profile.photo }
}
