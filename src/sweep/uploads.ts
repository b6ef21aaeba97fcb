import { inParallel } from '../storage/batches.ts'
import { addFinding } from './report.ts'
import { AGES_MS, ageMs, type Pass, WIDTH } from './run.ts'

/** Removes what a ticket let somebody upload and nobody completed. */
export const sweepUploads: Pass = async (batch, run) => {
  const { store, deletes, tally } = run
  await inParallel(WIDTH, batch, async (listed) => {
    if (ageMs(listed, run) < AGES_MS.upload) return
    if (!deletes) return addFinding(tally, 'expiredUploads', listed)
    await run.keepLease()
    const now = await store.head(listed.key)
    // Uploaded once more since it was listed.
    if (now === undefined || ageMs(now, run) < AGES_MS.upload) return
    await store.delete([now.key], { ifMatch: now.etag })
    addFinding(tally, 'expiredUploads', listed)
  })
}
