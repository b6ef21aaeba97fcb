import { oneOf } from './run.ts'
import type { StockItem } from './stock.ts'
import type { Target } from './truth.ts'

/** What somebody asks for. */
export interface Look {
  readonly item: StockItem
  readonly target: Target
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** What the answer may be; of `auto` what was accepted decides. */
  readonly types: readonly string[]
}

/** All of the whole picture: what is cut off shows no mark. */
const SIZES = ['thumbnail', 'thumbnail', 'thumbnail', '320', '320', '640', '320x240', '160@2x', 'x256', '96']
const WIDTHS = ['320', '320', '160']
const FORMATS = ['webp', 'webp', 'webp', 'webp', 'webp', 'webp', 'auto', 'auto', 'jpg', 'jpg', 'png', 'avif']
const TYPES = {
  avif: ['image/avif'],
  webp: ['image/webp'],
  jpg: ['image/jpeg'],
  png: ['image/png'],
  // AVIF only where it was made in time: what stands in for it is one of the others.
  auto: ['image/avif', 'image/webp', 'image/jpeg', 'image/png'],
} as const
const ACCEPTS = ['image/avif,image/webp,*/*', 'image/webp,*/*', '*/*']

/** Somebody’s next wish of an item: mostly native URLs, some of them versioned, and some of Cloudflare’s. */
export function nextLook(item: StockItem, random: () => number): Look {
  const chance = random()
  if (chance < 0.2 && item.versioned.length > 0) {
    const { path, photoId, version } = oneOf(random, item.versioned)
    const types = TYPES[formatOf(path)]
    return { item, target: { kind: 'versioned', photoId, version }, path, headers: {}, types }
  }
  const { photos } = item.truth.state
  const photo = photos.length > 0 && random() < 0.6 ? oneOf(random, photos) : undefined
  const target: Target = photo === undefined ? { kind: 'cover' } : { kind: 'photo', photoId: photo.photoId }
  const source = photo === undefined ? `items/${item.itemId}` : `items/${item.itemId}/photos/${photo.photoId}`
  const format = formatOf(`.${oneOf(random, FORMATS)}`)
  const headers = format === 'auto' ? { accept: oneOf(random, ACCEPTS) } : {}
  if (chance > 0.85) {
    const name = format === 'auto' || format === 'webp' ? format : 'jpeg'
    const path = `/cdn-cgi/image/width=${oneOf(random, WIDTHS)},format=${name}/${source}`
    return { item, target, path, headers, types: TYPES[name === 'jpeg' ? 'jpg' : name] }
  }
  const path = `/img/${source}/${oneOf(random, SIZES)}.${format}`
  return { item, target, path, headers, types: TYPES[format] }
}

function formatOf(path: string): keyof typeof TYPES {
  const ending = path.slice(path.lastIndexOf('.') + 1)
  for (const format of ['avif', 'webp', 'jpg', 'png', 'auto'] as const) if (format === ending) return format
  throw new Error(`${path} has no format that is known here`)
}
