import { createDocuments } from '../library/documents.ts'
import { type DocumentsRecord, documentsKey, documentsRecord } from '../media/records.ts'
import type { ListedObject } from '../storage/object-store.ts'
import { addFault, addFinding } from './report.ts'
import type { Pass, SweepRun } from './run.ts'
import { markUnnamedFiles } from './unnamed-files.ts'

const RECORD = /^verification\/[^/]+\/documents\.json$/

/** Removes the documents that have expired, and marks the files that no record names. */
export const sweepDocuments: Pass = async (batch, run) => {
  for (const listed of batch) if (RECORD.test(listed.key)) await removeExpired(listed, run)
  await markUnnamedFiles(batch, run)
}

async function removeExpired({ key }: ListedObject, run: SweepRun): Promise<void> {
  const { store, clock, tally } = run
  const read = await store.get(key)
  if (read.outcome !== 'found') return
  const record = parseRecord(read.object.body)
  if (record === undefined || documentsKey(record.userId) !== key)
    return addFault(tally, `${key}: the record cannot be understood; none of its documents is swept`)
  const expired = record.documents.filter(({ expiresAt }) => Date.parse(expiresAt ?? '') <= clock.now())
  if (expired.length === 0) return
  if (run.deletes) {
    await run.keepLease()
    const documents = createDocuments({
      ...run,
      now: () => clock.now(),
      maxDocuments: record.documents.length,
      assertWritable: async () => {},
      onUnfinished: (error) => addFault(tally, `${key}: ${String(error)}`),
    })
    await documents.removeExpired(record.userId, { by: 'sweep' })
  }
  for (const document of expired) addFinding(tally, 'expiredDocuments', document)
}

function parseRecord(body: Buffer): DocumentsRecord | undefined {
  try {
    return documentsRecord.safeParse(JSON.parse(body.toString('utf8'))).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
