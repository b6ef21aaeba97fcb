import type { ListedObject, StoredObject } from '../storage/object-store.ts'
import { isStamped } from '../storage/stamp.ts'
import { type Mark, parseMark } from './marks.ts'
import { readNaming } from './naming.ts'
import { addFault, addFinding } from './report.ts'
import { AGES_MS, type Pass, type SweepRun } from './run.ts'

/** Removes the files that were marked long enough ago and are still not named; lifts the marks that no longer hold. */
export const sweepMarkedFiles: Pass = async (batch, run) => {
  // One after another: a file that is removed is held in memory meanwhile.
  for (const listed of batch) {
    const read = await run.store.get(listed.key)
    if (read.outcome !== 'found') continue
    const mark = parseMark(read.object)
    if (mark === undefined) addFault(run.tally, `${listed.key}: the mark cannot be understood`)
    else await settle(mark, read.object, run)
  }
}

async function settle(mark: Mark, listed: ListedObject, run: SweepRun): Promise<void> {
  const { store, tally } = run
  const file = await store.head(mark.key)
  if (file?.etag !== mark.etag || !isStamped(file.metadata)) return lift(mark, listed, run)
  const naming = await readNaming(store, mark.owner)
  if (naming.state === 'read') {
    if (naming.names(mark.key)) return lift(mark, listed, run)
    if (run.clock.now() - mark.madeAt < AGES_MS.mark) return addFinding(tally, 'waitingFiles', file)
    if (run.deletes) return remove(mark, listed, run)
    return addFinding(tally, 'unnamedFiles', file)
  }
  // Whether the file is needed cannot be told: it stays, and so does its mark. The files' own pass reports it.
}

async function lift(mark: Mark, listed: ListedObject, run: SweepRun): Promise<void> {
  if (run.deletes) {
    await run.keepLease()
    await run.store.delete([listed.key], { ifMatch: listed.etag })
  }
  addFinding(run.tally, 'liftedMarks', { key: mark.key, bytes: 0 })
}

/**
 * Removes one file. No store can tie the removal to the record, so the record is asked last before it, and once more
 * after it, while the bytes are still at hand: a record that named the file in between gets it back.
 */
async function remove(mark: Mark, listed: ListedObject, run: SweepRun): Promise<void> {
  const { store, tally } = run
  const kept = await store.get(mark.key, { ifMatch: mark.etag })
  if (kept.outcome !== 'found' || !isStamped(kept.object.metadata)) return
  await run.keepLease()
  const before = await readNaming(store, mark.owner)
  if (before.state !== 'read') return
  if (before.names(mark.key)) return lift(mark, listed, run)
  let isUnnamed = false
  try {
    await store.delete([mark.key], { ifMatch: mark.etag })
    const after = await readNaming(store, mark.owner)
    isUnnamed = after.state === 'missing' || (after.state === 'read' && !after.names(mark.key))
  } finally {
    // Also where it cannot be told.
    if (!isUnnamed) await putBack(kept.object, run)
  }
  if (isUnnamed) addFinding(tally, 'unnamedFiles', kept.object)
  await store.delete([listed.key], { ifMatch: listed.etag })
}

async function putBack(file: StoredObject, { store, tally }: SweepRun): Promise<void> {
  const { key, body, etag, contentType, cacheControl, metadata } = file
  const put = await store.put(key, body, {
    contentType,
    ...(cacheControl !== undefined && { cacheControl }),
    metadata,
    ifNoneMatch: '*',
  })
  addFinding(tally, 'restoredFiles', file)
  // Read at the version that the record says, it would not be found.
  if (put.outcome === 'stored' && put.etag !== etag)
    addFault(tally, `${key}: put back, but its ETag is ${put.etag} now, and was ${etag}`)
}
