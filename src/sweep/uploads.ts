import { inParallel } from '../storage/batches.ts'
import { addFinding, type Finding } from './report.ts'
import { AGES_MS, ageMs, type Pass, WIDTH } from './run.ts'

/** Removes what a ticket let somebody upload and nobody completed. */
export const sweepUploads: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.upload, finding: 'expiredUploads' })

/** Removes what was noted of uploads, when nobody asks any more what came of them. */
export const sweepUploadStates: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.uploadState, finding: 'oldUploadStates' })

/** Removes what was answered to an `Idempotency-Key`, when the key may be used anew. */
export const sweepAnswers: Pass = async (batch, run) =>
  removeOld(batch, run, { ageMs: AGES_MS.answer, finding: 'oldAnswers' })

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
