import type { ListedObject } from '../storage/object-store.ts'

/** What a key is, by its shape alone; the first that matches holds. */
const SHAPES = [
  ['itemPhotos', /^items\/[^/]+\/photos\/[^/]+\/original[.-][^/]+$/],
  ['profilePhotos', /^profiles\/[^/]+\/photo\/[^/]+\/original[.-][^/]+$/],
  ['foreignSizes', /^(?:items\/[^/]+\/photos|profiles\/[^/]+\/photo)\/[^/]+\/[^/]+$/],
  ['records', /^items\/[^/]+\/album\.json$|^profiles\/[^/]+\/profile\.json$|^verification\/.+\.json$/],
  ['documents', /^verification\//],
  ['publicVariants', /^img\//],
  ['privateVariants', /^private\//],
  ['temp', /^temp\//],
  ['system', /^system\//],
  ['other', /^/],
] as const

export type ObjectKind = (typeof SHAPES)[number][0]

/** The kinds of objects in the order in which they are shown. */
export const OBJECT_KINDS: readonly ObjectKind[] = SHAPES.map(([kind]) => kind)

export interface Amount {
  readonly objects: number
  readonly bytes: number
}

export interface ItemAmount extends Amount {
  readonly itemId: string
  readonly photos: number
}

/** What a bucket holds. */
export interface LibraryStatistics extends Amount {
  readonly kinds: Readonly<Record<ObjectKind, Amount>>
  /** Items with a photo or an album. */
  readonly items: number
  /** Items with a photo and without an album: no URL by their id leads to them. */
  readonly itemsWithoutAlbum: number
  /** Places for a photo in items that have an original. */
  readonly photos: number
  /** Users with a profile photo or a profile. */
  readonly profiles: number
  /** By the bytes of all objects under `items/{id}/`, the largest first; their variants are not counted. */
  readonly largestItems: readonly ItemAmount[]
}

const LARGEST_ITEMS = 10

/** Counts a whole listing, which must be in the order of its keys, and holds nothing of it but sums. */
export async function measureLibrary(listing: AsyncIterable<ListedObject>): Promise<LibraryStatistics> {
  const tally = new Tally()
  for await (const object of listing) tally.add(object)
  return tally.finish()
}

/** The objects that stand together in a listing under one item or one user. */
interface Run {
  readonly folder: string
  objects: number
  bytes: number
  photos: number
  hasRecord: boolean
  lastPhoto: string | undefined
}

class Tally {
  readonly #kinds = emptyKinds()
  readonly #largest: ItemAmount[] = []
  #items = 0
  #itemsWithoutAlbum = 0
  #photos = 0
  #profiles = 0
  #run: Run | undefined

  add({ key, bytes }: ListedObject): void {
    const kind = kindOf(key)
    this.#kinds[kind].objects += 1
    this.#kinds[kind].bytes += bytes
    const folder = /^(?:items|profiles)\/[^/]+\//.exec(key)?.[0]
    if (folder !== this.#run?.folder) {
      this.#endRun()
      if (folder !== undefined)
        this.#run = { folder, objects: 0, bytes: 0, photos: 0, hasRecord: false, lastPhoto: undefined }
    }
    if (this.#run !== undefined) addTo(this.#run, kind, { key, bytes })
  }

  finish(): LibraryStatistics {
    this.#endRun()
    const amounts = Object.values(this.#kinds)
    const sum = (field: keyof Amount) => amounts.reduce((total, amount) => total + amount[field], 0)
    return {
      objects: sum('objects'),
      bytes: sum('bytes'),
      kinds: this.#kinds,
      items: this.#items,
      itemsWithoutAlbum: this.#itemsWithoutAlbum,
      photos: this.#photos,
      profiles: this.#profiles,
      largestItems: this.#largest,
    }
  }

  #endRun(): void {
    const run = this.#run
    this.#run = undefined
    if (run === undefined || (run.photos === 0 && !run.hasRecord)) return
    if (run.folder.startsWith('profiles/')) {
      this.#profiles += 1
      return
    }
    this.#items += 1
    this.#photos += run.photos
    if (!run.hasRecord) this.#itemsWithoutAlbum += 1
    const { objects, bytes, photos } = run
    this.#largest.push({ itemId: run.folder.slice('items/'.length, -1), objects, bytes, photos })
    this.#largest.sort((one, other) => other.bytes - one.bytes)
    this.#largest.splice(LARGEST_ITEMS)
  }
}

function addTo(run: Run, kind: ObjectKind, { key, bytes }: Pick<ListedObject, 'key' | 'bytes'>): void {
  run.objects += 1
  run.bytes += bytes
  if (kind === 'records') run.hasRecord = true
  if (kind !== 'itemPhotos' && kind !== 'profilePhotos') return
  // A photo that was just replaced has two originals until the sweep.
  const photo = key.slice(0, key.lastIndexOf('/'))
  if (photo !== run.lastPhoto) run.photos += 1
  run.lastPhoto = photo
}

function kindOf(key: string): ObjectKind {
  return SHAPES.find(([, shape]) => shape.test(key))?.[0] ?? 'other'
}

const none = () => ({ objects: 0, bytes: 0 })

function emptyKinds(): Record<ObjectKind, { objects: number; bytes: number }> {
  return {
    itemPhotos: none(),
    profilePhotos: none(),
    foreignSizes: none(),
    records: none(),
    documents: none(),
    publicVariants: none(),
    privateVariants: none(),
    temp: none(),
    system: none(),
    other: none(),
  }
}
