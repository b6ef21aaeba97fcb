import { type AlbumRecord, albumKey, albumRecord, type PhotoEntry } from '../media/records.ts'
import { itemPhotoPath } from '../urls/source-path.ts'
import type { Target } from './changes.ts'
import { assertId, filesInSlots, isSamePicture } from './photos.ts'

/** Where the folders of an item's photos lie. */
export const photosFolder = (itemId: string): string => `items/${itemId}/photos/`

/** The album of an item as something that changes. */
export function albumTarget(itemId: string): Target<AlbumRecord> {
  assertId(itemId)
  return {
    key: albumKey(itemId),
    object: `items/${itemId}`,
    parse: (value) => {
      const record = albumRecord.safeParse(value).data
      return record?.itemId === itemId ? record : undefined
    },
    filesOf: ({ photos }) => filesInSlots(photos, photosFolder(itemId)),
    forgets,
  }
}

/** Which sources change with an album: nothing more, so that the rest of an item stays in all caches. */
function forgets(
  before: AlbumRecord | undefined,
  after: AlbumRecord,
): { paths: readonly string[]; stale: readonly string[] } {
  const { itemId } = after
  const isHidden = before !== undefined && before.access !== after.access
  if (isHidden || after.deleted) return { paths: [`items/${itemId}`], stale: [`items/${itemId}`] }
  const old = before?.photos ?? []
  const pathOf = ({ photoId }: PhotoEntry) => itemPhotoPath(itemId, photoId)
  const stale = differing(old, after.photos, isSamePicture).map(pathOf)
  const fresh = differing(after.photos, old, isKeptAlike).map(pathOf)
  const covers = [old[0], after.photos[0]].flatMap((cover) => cover ?? []).map(pathOf)
  // Who forgets a photo forgets that it is the cover.
  const recovered = new Set(covers).size > 1 ? covers : []
  return { paths: [...new Set([...stale, ...fresh, ...recovered])], stale }
}

type Alike = (one: PhotoEntry, other: PhotoEntry) => boolean

/** Whether caches have nothing to forget: the same picture, kept as long. */
const isKeptAlike: Alike = (one, other) => isSamePicture(one, other) && one.edgeSeconds === other.edgeSeconds

/** The photos of which `others` have none that is like them. */
function differing(
  photos: readonly PhotoEntry[],
  others: readonly PhotoEntry[],
  isAlike: Alike,
): readonly PhotoEntry[] {
  return photos.filter((photo) => {
    const other = others.find(({ photoId }) => photoId === photo.photoId)
    return other === undefined || !isAlike(photo, other)
  })
}
