import type { ListedObject } from '../storage/object-store.ts'
import { idPattern } from '../urls/ids.ts'
import { type FoundAlbum, type FoundPhoto, MAX_ALBUM_PHOTOS } from './found-album.ts'
import type { WantedAlbum } from './photo-order.ts'

/** How an album will be made, should its originals be pictures. */
export interface AlbumPlan {
  readonly owner: string
  /** In the order of the album. */
  readonly photos: readonly { readonly photoId: string; readonly original: ListedObject }[]
  /** Why photos are not among them. */
  readonly reasons: readonly string[]
}

export type Planning =
  | ({ readonly outcome: 'planned' } & AlbumPlan)
  | { readonly outcome: 'refused'; readonly reason: string }

/** Photo ids as people count: `p2` before `p10`. */
const byNumber = new Intl.Collator('en', { numeric: true })

/** What becomes of a found item or profile by its names alone: order, owner, and which photos cannot be in it. */
export function planAlbum(
  found: FoundAlbum,
  wanted: WantedAlbum | undefined,
  fallbackOwner: string | undefined,
): Planning {
  const { root, id, photos: folders } = found
  // A profile belongs to its user; the order speaks of items only.
  const owner = root === 'profiles' ? id : (wanted?.owner ?? fallbackOwner)
  if (owner === undefined) return { outcome: 'refused', reason: 'nobody is named as its owner' }
  const reason = refusalOf(found)
  if (reason !== undefined) return { outcome: 'refused', reason }
  const first = root === 'items' ? (wanted?.photos ?? new Set<string>()) : new Set<string>()
  const photos: { photoId: string; original: ListedObject }[] = []
  const reasons: string[] = []
  for (const photoId of [...first, ...restOf(folders, first)]) {
    const original = originalOf(photoId, folders.get(photoId))
    if (typeof original === 'string') reasons.push(original)
    else photos.push({ photoId, original })
  }
  return { outcome: 'planned', owner, photos, reasons }
}

function refusalOf({ root, id, photos: { size } }: FoundAlbum): string | undefined {
  if (!idPattern.test(id)) return `${JSON.stringify(id)} is no id that a URL can name`
  if (size > MAX_ALBUM_PHOTOS) return `there are more than ${MAX_ALBUM_PHOTOS} photos`
  if (root === 'profiles' && size > 1) return `there are ${size} photos; a profile has one`
  return undefined
}

function restOf(folders: ReadonlyMap<string, FoundPhoto>, first: ReadonlySet<string>): string[] {
  const rest = [...folders.keys()].filter((photoId) => !first.has(photoId))
  // Listings are in byte order, and so ids that count as equal (`p1`, `p01`) always come in the same order.
  return rest.toSorted((one, other) => byNumber.compare(one, other))
}

/** The one original of a photo, or why there is none. */
function originalOf(photoId: string, folder: FoundPhoto | undefined): ListedObject | string {
  if (folder === undefined) return `photo ${photoId}: the order names it, and the bucket has none`
  if (!idPattern.test(photoId)) return `photo ${JSON.stringify(photoId)} is no id that a URL can name`
  const [original, second] = folder.originals
  if (original === undefined)
    return `photo ${photoId}: there is no original.{ext} beside ${folder.others.join(', ')}`
  if (second !== undefined)
    return `photo ${photoId}: there are two originals, ${original.key} and ${second.key}`
  return original
}
