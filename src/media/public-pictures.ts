import type { ObjectStore } from '../storage/object-store.ts'
import { itemPhotoPath } from '../urls/source-path.ts'
import { parseRecordTexts } from './record-texts.ts'
import { albumRecord, profileRecord } from './records.ts'

const RECORD = /^(items\/[^/]+)\/album\.json$|^(profiles\/[^/]+)\/profile\.json$/

/** An item with photos, or a user with one, that everybody may see. */
export interface PublicPictures {
  /** `items/42` or `profiles/ana`. */
  readonly path: string
  /** Source paths of its photos, the cover first. */
  readonly photos: readonly string[]
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

/** Paths such as `items/42`, of items with photos and of users with one, that everybody may see: `max` at most. */
export async function listPublicPictures(
  store: Pick<ObjectStore, 'list' | 'get'>,
  max: number,
): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of findPublicPictures(store)) if (paths.push(path) === max) break
  return paths
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
    if (album.access !== 'public' || album.deleted === true || album.photos.length === 0) return undefined
    const photos = album.photos.map(({ photoId }) => itemPhotoPath(album.itemId, photoId))
    return { path, photos }
  }
  const { data: profile } = profileRecord.safeParse(value)
  if (profile?.access !== 'public' || profile.photo === undefined) return undefined
  return { path, photos: [path] }
}
