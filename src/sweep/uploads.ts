import { GatewayError } from '../errors.ts'
import { clearImage } from '../hosted/clear-image.ts'
import { placeOf } from '../hosted/find-images.ts'
import { readKept, writeKept } from '../hosted/kept-record.ts'
import { isExpired, recordedItem } from '../hosted/records.ts'
import { createAlbums } from '../library/albums.ts'
import { inParallel } from '../storage/batches.ts'
import type { ListedObject } from '../storage/object-store.ts'
import type { Multiparts } from '../transfers/transfers.ts'
import { addFault, addFinding, type Finding } from './report.ts'
import { AGES_MS, ageMs, type Pass, type SweepRun, WIDTH } from './run.ts'

/** Removes what a ticket let somebody upload and nobody completed. */
export const sweepUploads: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.upload, finding: 'expiredUploads' })

/** Removes what was noted of uploads, when nobody asks any more what came of them. */
export const sweepUploadStates: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.uploadState, finding: 'oldUploadStates' })

/** Removes what was answered to an `Idempotency-Key`, when the key may be used anew. */
export const sweepAnswers: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.answer, finding: 'oldAnswers' })

/** Removes what was noted of purges that somebody asked for, when nobody asks any more how far they are. */
export const sweepAskedPurges: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.askedPurge, finding: 'oldPurges' })

async function removeOld(
  ...[batch, run, kind]: [...Parameters<Pass>, { readonly ageMs: number; readonly finding: Finding }]
): Promise<void> {
  const { store, deletes, tally } = run
  await inParallel(WIDTH, batch, async (listed) => {
    if (ageMs(listed, run) < kind.ageMs) return
    if (!deletes) return addFinding(tally, kind.finding, listed)
    await run.keepLease()
    const now = await store.head(listed.key)
    // Written once more since it was listed.
    if (now === undefined || ageMs(now, run) < kind.ageMs) return
    await store.delete([now.key], { ifMatch: now.etag })
    addFinding(tally, kind.finding, listed)
  })
}

/** Removes hosted images whose file has not come in time, and what was left of those that somebody deleted. */
export const sweepHostedImages: Pass = async (batch, run) => {
  await inParallel(WIDTH, batch, async (listed) => {
    const itemId = recordedItem(listed.key)
    if (itemId === undefined || ageMs(listed, run) < AGES_MS.upload) return
    try {
      await removeAbandoned(itemId, listed, run)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      addFault(run.tally, `${listed.key}: ${error.message}`)
    }
  })
}

async function removeAbandoned(itemId: string, listed: ListedObject, run: SweepRun): Promise<void> {
  const { store, clock, deletes, tally, keepLease } = run
  const place = placeOf(itemId)
  const found = await readKept(store, place)
  if (found === undefined || !(found.value.removed || isExpired(found.value, clock.now()))) return
  if (deletes) {
    await keepLease()
    const removed = { ...found.value, removed: true as const }
    const marked = found.value.removed ? found : await writeKept(store, place, removed, found)
    // Somebody has brought the file, or made another image of this id.
    if (marked === undefined) return
    const albums = createAlbums({
      ...run,
      maxPhotos: 1,
      assertWritable: async () => {},
      onUnfinished: (error) => addFault(tally, `${listed.key}: ${String(error)}`),
    })
    await clearImage({ store, albums }, marked)
  }
  addFinding(tally, 'expiredUploads', listed)
}

/** Uploads in parts, as a sweep needs them. */
export type SweptMultiparts = Pick<Multiparts, 'pending' | 'list' | 'abort'>

type MultipartRun = Pick<SweepRun, 'clock' | 'deletes' | 'tally' | 'keepLease'>

/**
 * Aborts the uploads in parts whose ticket is over, and that nobody completed. They are no objects: no listing shows them,
 * and their parts are paid for until somebody asks. A store that refuses is a fault, and everything else is swept all the same.
 */
export async function sweepMultiparts(
  multiparts: SweptMultiparts,
  run: MultipartRun,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await abortOld(multiparts, run, signal)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    addFault(run.tally, `uploads in parts: ${error.message}`)
  }
}

async function abortOld(
  multiparts: SweptMultiparts,
  run: MultipartRun,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { clock, deletes, tally, keepLease } = run
  for await (const { key, uploadId, begunAt } of multiparts.pending('temp/', { signal })) {
    signal?.throwIfAborted()
    tally.examined += 1
    if (clock.now() - begunAt.getTime() < AGES_MS.multipart) continue
    const parts = await multiparts.list(key, uploadId, { signal })
    // Completed or aborted since it was listed.
    if (parts === undefined) continue
    if (deletes) {
      await keepLease()
      await multiparts.abort(key, uploadId, { signal })
    }
    addFinding(tally, 'abandonedMultiparts', { key, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
}
