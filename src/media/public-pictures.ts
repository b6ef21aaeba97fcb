import type { ObjectStore } from '../storage/object-store.ts'
import { parseRecordTexts } from './record-texts.ts'
import { albumRecord, profileRecord } from './records.ts'

const RECORD = /^(items\/[^/]+)\/album\.json$|^(profiles\/[^/]+)\/profile\.json$/

/**
 * Paths such as `items/42`, of items with photos and of users with one, that everybody may see: `max` at most. What has no
 * record, or one that cannot be understood, is left out.
 */
export async function listPublicPictures(
  store: Pick<ObjectStore, 'list' | 'get'>,
  max: number,
): Promise<string[]> {
  const paths: string[] = []
  for (const prefix of ['items/', 'profiles/']) {
    for await (const { key } of store.list(prefix)) {
      const [, item, profile] = RECORD.exec(key) ?? []
      const path = item ?? profile
      if (path === undefined || !(await isShown(store, key))) continue
      if (paths.push(path) === max) return paths
    }
  }
  return paths
}

async function isShown(store: Pick<ObjectStore, 'get'>, key: string): Promise<boolean> {
  const read = await store.get(key)
  if (read.outcome !== 'found') return false
  const value = parseRecordTexts(read.object.body)?.value
  const { data: album } = albumRecord.safeParse(value)
  if (album !== undefined)
    return album.access === 'public' && album.deleted !== true && album.photos.length > 0
  const { data: profile } = profileRecord.safeParse(value)
  return profile?.access === 'public' && profile.photo !== undefined
}
