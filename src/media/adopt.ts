import { isVerdict } from '../errors.ts'
import type { FairBudget } from '../admission/fair-budget.ts'
import type { Renderer } from '../render/renderer.ts'
import type { ListedObject, ObjectStore } from '../storage/object-store.ts'
import { type AlbumPlan, planAlbum } from './album-plan.ts'
import { type AlbumRoot, type FoundAlbum, groupAlbums } from './found-album.ts'
import { createRecord } from './new-item.ts'
import type { PhotoOrder } from './photo-order.ts'
import { type AlbumRecord, albumKey, type PhotoEntry, type ProfileRecord, profileKey } from './records.ts'

export interface AdoptOptions {
  readonly store: Pick<ObjectStore, 'list' | 'get' | 'put'>
  readonly renderer: Pick<Renderer, 'inspect'>
  /** Bounds the bytes of originals in memory. */
  readonly budget: Pick<FairBudget, 'use'>
  readonly maxSourceBytes: number
  /** Items in work at once. */
  readonly lanes: number
  readonly order: PhotoOrder
  /** The owner of items of which the order names none. */
  readonly owner: string | undefined
  /** Whether records are written; otherwise everything else is done. */
  readonly write: boolean
  /** Whether an item is adopted without the photos that are refused; otherwise one of them refuses the item. */
  readonly leaveOut: boolean
  readonly onOutcome?: (outcome: AlbumOutcome) => void
}

/** What came of one item or profile. `path` is `items/{id}` or `profiles/{id}`. */
export interface AlbumOutcome {
  readonly path: string
  /** `present`: it has a record, and was left as it is. `empty`: nothing under it is a photo. */
  readonly outcome: 'adopted' | 'present' | 'refused' | 'empty'
  /** Photos in the record. */
  readonly photos: number
  /** Why it, or a photo of it, was refused. */
  readonly reasons: readonly string[]
  readonly otherKeys: number
}

export interface AdoptReport {
  readonly adopted: number
  readonly present: number
  readonly refused: number
  /** Photos in the records of what was adopted. */
  readonly photos: number
  /** Photos that are in no record of an item which was adopted all the same. */
  readonly leftOut: number
  /** Objects under items and profiles that no rule knows. */
  readonly otherKeys: number
  /** Items that the order names and of which the bucket has no photo. */
  readonly missing: readonly string[]
}

const ROOTS: readonly AlbumRoot[] = ['items', 'profiles']

/**
 * Makes records for the items and profiles of a bucket that have none. No photo is moved or changed, and a record that
 * is there stays as it is, so it can be run again after an interruption. Fails when the bucket does.
 */
export async function adopt(options: AdoptOptions): Promise<AdoptReport> {
  const report = { adopted: 0, present: 0, refused: 0, photos: 0, leftOut: 0, otherKeys: 0 }
  const missing = new Set(options.order.keys())
  const lane = async (albums: AsyncGenerator<FoundAlbum>) => {
    for await (const found of albums) {
      const outcome = await adoptAlbum(found, options)
      if (found.root === 'items' && outcome.outcome !== 'empty') missing.delete(found.id)
      count(report, outcome)
      options.onOutcome?.(outcome)
    }
  }
  for (const root of ROOTS) {
    // Lanes share one generator: it is asked for the next album when one of them is free, and ends with the first failure.
    const albums = groupAlbums(root, options.store.list(`${root}/`))
    const lanes = await Promise.allSettled(Array.from({ length: options.lanes }, () => lane(albums)))
    for (const result of lanes) if (result.status === 'rejected') throw result.reason
  }
  return { ...report, missing: [...missing] }
}

type Counts = { -readonly [Name in Exclude<keyof AdoptReport, 'missing'>]: number }

function count(report: Counts, { outcome, photos, reasons, otherKeys }: AlbumOutcome): void {
  report.otherKeys += otherKeys
  if (outcome === 'empty') return
  report[outcome] += 1
  report.photos += photos
  if (outcome === 'adopted') report.leftOut += reasons.length
}

async function adoptAlbum(found: FoundAlbum, options: AdoptOptions): Promise<AlbumOutcome> {
  const { otherKeys, hasRecord, photos } = found
  const base = { path: `${found.root}/${found.id}`, photos: 0, reasons: [], otherKeys }
  if (hasRecord) return { ...base, outcome: 'present' }
  if (photos.size === 0) return { ...base, outcome: 'empty' }
  const plan = planAlbum(found, options.order.get(found.id), options.owner)
  if (plan.outcome === 'refused') return { ...base, outcome: 'refused', reasons: [plan.reason] }
  const { entries, reasons } = await readEntries(plan, options)
  if (entries.length === 0 || (reasons.length > 0 && !options.leaveOut))
    return { ...base, outcome: 'refused', reasons }
  const { key, record } = recordOf(found, plan.owner, entries)
  if (options.write && (await createRecord(options.store, key, record)) === 'exists')
    return { ...base, outcome: 'present' }
  return { ...base, outcome: 'adopted', photos: entries.length, reasons }
}

async function readEntries(plan: AlbumPlan, options: AdoptOptions) {
  const entries: PhotoEntry[] = []
  const reasons = [...plan.reasons]
  for (const { photoId, original } of plan.photos) {
    // The size that was listed may be out of date; what is read is bounded all the same.
    const weight = Math.min(original.bytes, options.maxSourceBytes)
    const entry = await options.budget.use(weight, () => readEntry(photoId, original, options))
    if (typeof entry === 'string') reasons.push(`photo ${photoId}: ${entry}`)
    else entries.push(entry)
  }
  return { entries, reasons }
}

/** The entry of a photo, or why there is none. */
async function readEntry(
  photoId: string,
  { key }: ListedObject,
  { store, renderer, maxSourceBytes }: AdoptOptions,
): Promise<PhotoEntry | string> {
  try {
    const result = await store.get(key, { maxBytes: maxSourceBytes })
    if (result.outcome === 'too-large')
      return `The picture has ${result.bytes} bytes; at most ${maxSourceBytes} are accepted`
    if (result.outcome !== 'found') return `${key} has gone since it was listed`
    const { object } = result
    const { contentType, width, height } = await renderer.inspect(object.body)
    const { etag, bytes, lastModified } = object
    return { photoId, key, etag, contentType, bytes, width, height, addedAt: lastModified.toISOString() }
  } catch (error) {
    if (!isVerdict(error)) throw error
    return error.message
  }
}

function recordOf(
  { root, id }: FoundAlbum,
  owner: string,
  photos: PhotoEntry[],
): { key: string; record: AlbumRecord | ProfileRecord } {
  const access = 'public'
  if (root === 'items')
    return { key: albumKey(id), record: { itemId: id, owner, access, revision: 1, photos } }
  return { key: profileKey(id), record: { userId: id, owner, access, revision: 1, photo: photos[0] } }
}
