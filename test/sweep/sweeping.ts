import { albumKey, type AlbumRecord, albumRecord } from '../../src/media/records.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { emptyTally, type Finding, type SweepReport } from '../../src/sweep/report.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { sweep, type SweepOptions } from '../../src/sweep/sweep.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
export const EPOCH = 'now'

/** A clock that a test sets ahead: the store dates by the real one, and everything in it grows old. */
export function createClock() {
  let aheadMs = 0
  return {
    now: () => Date.now() + aheadMs,
    elapsedMs: () => aheadMs,
    pause: async (ms: number) => {
      aheadMs += ms
    },
    advance(ms: number) {
      aheadMs += ms
    },
  }
}

export type TestClock = ReturnType<typeof createClock>

/** One sweep that deletes, unless `options` say otherwise. */
export async function sweepOnce(
  store: ObjectStore,
  clock: SweepOptions['clock'],
  options: Partial<SweepOptions> = {},
): Promise<SweepReport> {
  const report = await sweep({
    store,
    multiparts: createMemoryMultiparts(store),
    clock,
    sources: ['items/', 'profiles/', 'photos/'],
    epoch: EPOCH,
    deletes: true,
    ...options,
  })
  return report === 'busy' ? { ...nothing, outcome: 'lost' } : report
}

const nothing: SweepReport = {
  mode: 'delete',
  outcome: 'finished',
  startedAt: '',
  endedAt: '',
  resumed: false,
  ...emptyTally(),
}

/** How many objects were found of each sort, those of which there are none left out. */
export function countsOf(report: SweepReport): Partial<Record<Finding, number>> {
  const entries = Object.entries(report.findings).filter(([, { objects }]) => objects > 0)
  return Object.fromEntries(entries.map(([finding, { objects }]) => [finding, objects]))
}

export async function putText(store: ObjectStore, key: string, text = key): Promise<string> {
  const put = await store.put(key, Buffer.from(text), { contentType: 'text/plain' })
  if (put.outcome !== 'stored') throw new Error(`${key} was not stored`)
  return put.etag
}

export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

/** Where a file of item `itemId` lies. */
export const fileKey = (itemId: string, fileId: string): string =>
  `items/${itemId}/photos/p-${fileId}/original-${fileId}.jpg`

/** The album of an item with the files named in it, as somebody writes it who asks nobody. */
export async function putAlbum(
  store: ObjectStore,
  itemId: string,
  fileIds: readonly string[],
): Promise<string> {
  const photos = fileIds.map((fileId) => ({
    photoId: `p-${fileId}`,
    key: fileKey(itemId, fileId),
    etag: '"e"',
    contentType: 'image/jpeg',
    bytes: 1,
    width: 1,
    height: 1,
    addedAt: new Date().toISOString(),
  }))
  const record: AlbumRecord = { itemId, owner: 'tests', access: 'public', revision: 1, photos }
  return putText(store, albumKey(itemId), JSON.stringify(record))
}

/** The album of an item as it stands in the store. */
export async function readAlbum(store: ObjectStore, itemId: string): Promise<AlbumRecord> {
  const read = await store.get(albumKey(itemId))
  return albumRecord.parse(read.outcome === 'found' ? JSON.parse(read.object.body.toString()) : undefined)
}
