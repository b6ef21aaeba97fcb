import {
  carryOutPurge,
  closePurge,
  parsePurge,
  type Purge,
  purgeIdOf,
  PURGES,
  purgeKey,
} from '../cdn/forget.ts'
import { GatewayError } from '../errors.ts'
import { settleChange } from '../library/aftermath.ts'
import { parseRecordChange } from '../library/pending-change.ts'
import type { ListedObject, ObjectStore } from '../storage/object-store.ts'
import { addFault, addFinding, emptyTally, type Tally } from './report.ts'
import { AGES_MS, ageMs, type Pass, type SweepRun } from './run.ts'

type IntentRun = Pick<SweepRun, 'store' | 'outbox' | 'edge' | 'clock' | 'deletes' | 'tally' | 'keepLease'>

export interface LeftOversOptions extends Pick<SweepRun, 'outbox' | 'edge' | 'clock'> {
  readonly store: ObjectStore
  /** How old the announcement of a change is that nobody finishes any more; by default a quarter of an hour. */
  readonly abandonedAfterMs?: number | undefined
}

/** Carries out the purges, and finishes the changes, that their programs announced and did not live to finish. */
export const sweepIntents: Pass = async (batch, run) => {
  for (const listed of batch) if (ageMs(listed, run) >= AGES_MS.intent) await finish(listed, run)
}

/** The same apart from a sweep: for every change that was cut short, as soon as it is old enough. */
export async function finishLeftOvers(options: LeftOversOptions): Promise<Tally> {
  const { store, abandonedAfterMs = AGES_MS.intent } = options
  // Two replicas that finish one change do no harm: no lease is needed.
  const run = { ...options, deletes: true, tally: emptyTally(), keepLease: async () => {} }
  for await (const listed of store.list(PURGES))
    if (ageMs(listed, run) >= abandonedAfterMs) await finish(listed, run)
  return run.tally
}

async function finish(listed: ListedObject, run: IntentRun): Promise<void> {
  const { store, deletes, tally } = run
  const id = purgeIdOf(listed.key)
  // The edge's queue is its sender's.
  if (id === undefined) return
  const read = await store.get(listed.key)
  if (read.outcome !== 'found') return
  const purge = parsePurge(read.object.body)
  // What somebody has asked for may be a whole tree, and take its time.
  if (purge?.asked === true && ageMs(listed, run) < AGES_MS.intent) return
  const change = parseRecordChange(purge?.change)
  const isUnderstood = purge?.change === undefined || (change && purgeKey(purge.id ?? '') === listed.key)
  if (purge === undefined || !isUnderstood)
    return addFault(tally, `${listed.key}: the purge cannot be understood`)
  if (deletes) {
    await run.keepLease()
    try {
      if (change) await settleChange(run, { ...purge, id, change })
      else await finishPurge(run, { ...purge, id })
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'record_invalid') throw error
      return addFault(tally, `${listed.key}: ${error.message}`)
    }
    await store.delete([listed.key], { ifMatch: read.object.etag })
  }
  addFinding(tally, 'leftOverIntents', listed)
}

async function finishPurge({ store, edge }: IntentRun, purge: Purge): Promise<void> {
  await carryOutPurge(store, purge)
  await closePurge(store, purge, edge)
}
