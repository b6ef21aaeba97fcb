import { randomUUID } from 'node:crypto'
import { PURGES } from '../cdn/forget.ts'
import type { EventOutbox } from '../events/media-event.ts'
import type { EdgePurges } from '../purging/purging.ts'
import { HOSTED } from '../hosted/records.ts'
import { lookUp } from '../sources/look-up.ts'
import type { ListedObject, ObjectStore } from '../storage/object-store.ts'
import { createRecordView, createSourceView } from '../storage/source-view.ts'
import type { Clock } from '../leases/clock.ts'
import { sweepVariants } from './dead-variants.ts'
import { sweepDocuments } from './documents.ts'
import { sweepIntents } from './intents.ts'
import { Lease, LeaseLost } from '../leases/lease.ts'
import { sweepMarkedFiles } from './marked-files.ts'
import { MARKS } from './marks.ts'
import { clearProgress, type Progress, readProgress, writeProgress } from './progress.ts'
import { emptyTally, REPORTS, type SweepReport } from './report.ts'
import { AGES_MS, type Pass, type SweepRun } from './run.ts'
import { markUnnamedFiles } from './unnamed-files.ts'
import {
  sweepAnswers,
  sweepAskedPurges,
  sweepHostedImages,
  sweepMultiparts,
  sweepUploads,
  sweepUploadStates,
  type SweptMultiparts,
} from './uploads.ts'

export interface SweepOptions {
  readonly store: ObjectStore
  readonly multiparts: SweptMultiparts
  /** Where changes that were cut short confirm their events; without it their sender settles them. */
  readonly outbox?: EventOutbox | undefined
  /** What follows of finished changes at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
  /** The prefixes that may be read as pictures, as the gateways have them; variants of others are left. */
  readonly sources: readonly string[]
  /** The epoch of this release's variants. */
  readonly epoch: string
  /** How old variants of sources on other servers become; by default 30 days. */
  readonly remoteKeepMs?: number | undefined
  readonly clock: Clock
  /** Without it the sweep only says what it would do. */
  readonly deletes: boolean
  /** Objects handled at once, and then noted as done. */
  readonly batchSize?: number
  /** Whether somebody waits for a picture: then it rests between two batches, a minute at most. */
  readonly isBusy?: (() => boolean) | undefined
  /** Stops between two batches; the next sweep goes on from there. */
  readonly signal?: AbortSignal | undefined
}

const LEASE_KEY = 'system/sweep/lease.json'
const LEASE_TTL_MS = 60_000
/** A sweep that stopped longer ago is begun anew: what it found is old. */
const MAX_PROGRESS_AGE_MS = 86_400_000

const REST_MS = 1_000
const MAX_RESTS = 60

/** What is swept, in order. Marks come before files, so that none is judged by the sweep that made it. */
const PASSES: readonly { readonly prefix: string; readonly pass: Pass }[] = [
  { prefix: 'temp/uploads/', pass: sweepUploads },
  { prefix: 'system/uploads/', pass: sweepUploadStates },
  { prefix: HOSTED, pass: sweepHostedImages },
  { prefix: 'system/idempotency/', pass: sweepAnswers },
  { prefix: PURGES, pass: sweepIntents },
  { prefix: `${PURGES}asked/`, pass: sweepAskedPurges },
  { prefix: MARKS, pass: sweepMarkedFiles },
  { prefix: 'items/', pass: markUnnamedFiles },
  { prefix: 'profiles/', pass: markUnnamedFiles },
  { prefix: 'verification/', pass: sweepDocuments },
  { prefix: 'img/', pass: sweepVariants },
  { prefix: 'private/', pass: sweepVariants },
]

/**
 * Removes what nothing refers to any more and stores a report. `busy` when another replica is at it. A sweep that is
 * cut short is gone on with by the next one; a dry run always sees everything and needs no lease.
 */
export async function sweep(options: SweepOptions): Promise<SweepReport | 'busy'> {
  const { store, clock, deletes } = options
  if (!deletes) return account(options, undefined, async () => {})
  const lease = await Lease.acquire({ store, key: LEASE_KEY, ttlMs: LEASE_TTL_MS, clock })
  if (lease === undefined) return 'busy'
  try {
    return await account(options, await resumable(options), () => lease.keep())
  } finally {
    await lease.release()
  }
}

async function resumable({ store, clock }: SweepOptions): Promise<Progress | undefined> {
  const progress = await readProgress(store)
  const isKnown = PASSES.some(({ prefix }) => prefix === progress?.prefix)
  if (progress === undefined || !isKnown) return undefined
  return clock.now() - Date.parse(progress.startedAt) < MAX_PROGRESS_AGE_MS ? progress : undefined
}

async function account(
  options: SweepOptions,
  resumed: Progress | undefined,
  keepLease: () => Promise<void>,
): Promise<SweepReport> {
  const { store, clock, deletes } = options
  const startedAt = resumed?.startedAt ?? new Date(clock.now()).toISOString()
  const tally = resumed?.tally ?? emptyTally()
  const outcome = await runPasses(options, { ...runOf(options), tally, keepLease }, { startedAt, resumed })
  const report: SweepReport = {
    mode: deletes ? 'delete' : 'dry-run',
    outcome,
    startedAt,
    endedAt: new Date(clock.now()).toISOString(),
    resumed: resumed !== undefined,
    ...tally,
  }
  await store.put(`${REPORTS}${startedAt}-${randomUUID()}.json`, toJson(report), {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ifNoneMatch: '*',
  })
  return report
}

function runOf(options: SweepOptions) {
  const { store, outbox, edge, clock, deletes, sources, epoch, remoteKeepMs } = options

  const views = { pictures: createSourceView(store, sources), records: createRecordView(store, sources) }
  return {
    store,
    outbox,
    edge,
    clock,
    deletes,
    epoch,
    remoteKeepMs: remoteKeepMs ?? AGES_MS.remoteVariant,
    lookUp: async (path) => lookUp(views, path),
    knows: (path) => sources.some((prefix) => prefix === '*' || path.startsWith(prefix)),
  } satisfies Partial<SweepRun>
}

async function runPasses(
  options: SweepOptions,
  run: SweepRun,
  begun: { readonly startedAt: string; readonly resumed: Progress | undefined },
): Promise<SweepReport['outcome']> {
  try {
    // Nothing notes how far this came: it is done before the first note, or again.
    if (begun.resumed === undefined) await sweepMultiparts(options.multiparts, run, options.signal)
    for await (const { prefix, pass, batch } of work(options, begun.resumed)) {
      await rest(options, run)
      options.signal?.throwIfAborted()
      await pass(batch, run)
      run.tally.examined += batch.length
      if (!run.deletes) continue
      await run.keepLease()
      const { startedAt } = begun
      await writeProgress(run.store, { startedAt, prefix, after: batch.at(-1)?.key, tally: run.tally })
    }
    if (run.deletes) await clearProgress(run.store)
    return 'finished'
  } catch (error) {
    if (error instanceof LeaseLost) return 'lost'
    throw error
  }
}

/** Lets others go first, but not for ever. The lease is kept meanwhile. */
async function rest({ isBusy, clock, signal }: SweepOptions, { keepLease }: SweepRun): Promise<void> {
  for (let rests = 0; rests < MAX_RESTS; rests += 1) {
    if (isBusy?.() !== true) return
    await clock.pause(REST_MS, signal)
    await keepLease()
  }
}

/** Everything to be swept in batches, in order, from where an earlier sweep came to. */
async function* work(options: SweepOptions, resumed: Progress | undefined) {
  const first = PASSES.findIndex(({ prefix }) => prefix === resumed?.prefix)
  for (const { prefix, pass } of PASSES.slice(Math.max(0, first))) {
    const after = prefix === resumed?.prefix ? resumed.after : undefined
    for await (const batch of batches(options, prefix, after)) yield { prefix, pass, batch }
  }
}

/** The listing in pieces, so that memory does not grow with the bucket. */
async function* batches(
  { store, batchSize = 500 }: SweepOptions,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<readonly ListedObject[]> {
  let batch: ListedObject[] = []
  for await (const object of store.list(prefix, { after })) {
    batch.push(object)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const toJson = (report: SweepReport) => Buffer.from(JSON.stringify(report, undefined, 2))
