import { z } from 'zod'
import { forget } from '../cdn/forget.ts'
import type { ListedObject } from '../storage/object-store.ts'
import { addFault, addFinding } from './report.ts'
import { AGES_MS, ageMs, type Pass, type SweepRun } from './run.ts'

const intent = z.object({ paths: z.array(z.string().min(1)) })

/** Carries out the purges that their programs announced and did not live to finish. */
export const sweepIntents: Pass = async (batch, run) => {
  for (const listed of batch) if (ageMs(listed, run) >= AGES_MS.intent) await finish(listed, run)
}

async function finish(listed: ListedObject, run: SweepRun): Promise<void> {
  const { store, deletes, tally } = run
  const read = await store.get(listed.key)
  if (read.outcome !== 'found') return
  const paths = parseIntent(read.object.body)
  if (paths === undefined) return addFault(tally, `${listed.key}: the purge cannot be understood`)
  if (deletes) {
    await run.keepLease()
    await forget(store, paths)
    await store.delete([listed.key], { ifMatch: read.object.etag })
  }
  addFinding(tally, 'leftOverIntents', listed)
}

function parseIntent(body: Buffer): readonly string[] | undefined {
  try {
    return intent.parse(JSON.parse(body.toString('utf8'))).paths
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
