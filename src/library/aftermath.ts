import { deleteBelow } from '../cdn/delete-below.ts'
import { carryOutPurge } from '../cdn/forget.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { type Announcements, closeChange, type PendingChange, withdrawChange } from './pending-change.ts'
import { isOwnFile } from './photos.ts'
import { hasSeen, readRecordState } from './record-state.ts'

/**
 * Everything that follows from a change which is in its record: variants, replicas, old files, the event. Each step may
 * be done twice; one that fails leaves the announcement, and with it the rest, to a later call.
 */
export async function finishChange(to: Announcements, pending: PendingChange): Promise<void> {
  const { store, outbox } = to
  const { paths, change } = pending
  if (paths.length > 0) await carryOutPurge(store, pending)
  const etag = await deleteFiles(store, pending)
  if (change.event) await outbox?.confirm(change.event)
  // The record goes last: until then it witnesses that the change has happened.
  if (etag !== undefined) await store.delete([change.record], { ifMatch: etag })
  await closeChange(to, pending)
}

/** Finishes a change that its program did not live to finish, or takes back one that was only announced. */
export async function settleChange(to: Announcements, pending: PendingChange): Promise<void> {
  const { id, change } = pending
  const state = await readRecordState(to.store, change.record)
  // A first change whose record is not there was not made, or undone with all that came after it.
  const seen = state ? hasSeen(state, { id, revision: change.revision }) : change.revision > 1
  if (seen !== false) return finishChange(to, pending)
  // One purge too many harms nobody.
  if (pending.paths.length > 0) await carryOutPurge(to.store, pending)
  await withdrawChange(to, pending)
}

/** Deletes the files that nobody needs any more; the ETag of a record that has to go with them. */
async function deleteFiles(store: ObjectStore, { change }: PendingChange): Promise<string | undefined> {
  const { record, files, removes } = change
  if (files.length === 0 && removes === undefined) return undefined
  const state = await readRecordState(store, record)
  if (state === undefined) return undefined
  // Not if it has come to life again.
  if (removes !== undefined && state.deleted) {
    await deleteBelow(store, removes, (key) => key === record)
    return state.etag
  }
  const unnamed = files.filter((key) => !state.names(key))
  if (unnamed.length > 0) await store.delete(unnamed)
  for (const folder of foreignFolders(unnamed))
    await deleteBelow(store, folder, (key) => key === record || state.names(key) || isOwnFile(key))
  return undefined
}

/** The folders of files that other programs have put there: sizes of the same picture lie beside them. */
function foreignFolders(files: readonly string[]): Set<string> {
  return new Set(files.filter((key) => !isOwnFile(key)).map((key) => key.slice(0, key.lastIndexOf('/') + 1)))
}
