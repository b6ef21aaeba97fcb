import type { AuditTrail } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { createEvents } from '../events/events.ts'
import type { EventOutbox } from '../events/media-event.ts'
import type { Clock } from '../leases/clock.ts'
import { Unfinished } from '../leases/unfinished.ts'
import { finishChange } from '../library/aftermath.ts'
import { createAlbums } from '../library/albums.ts'
import type { ChangesOptions } from '../library/changes.ts'
import { createDocuments } from '../library/documents.ts'
import type { PendingChange } from '../library/pending-change.ts'
import { createProfiles } from '../library/profiles.ts'
import { createWriteGuard } from '../library/write-guard.ts'
import type { EdgePurges } from '../purging/purging.ts'
import { FairBudget } from '../admission/fair-budget.ts'
import { withinMemory } from '../admission/within-memory.ts'
import type { WorkerPool } from '../render/worker-pool.ts'
import { kindsOf } from '../settings/uploads.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { createSweepSchedule } from '../sweep/schedule.ts'
import type { Logger } from '../telemetry/log.ts'
import { addEventGauges, type Metrics } from '../telemetry/metrics.ts'
import { recordBucketCalls, recordEvents } from '../telemetry/recorders.ts'
import { observeTransfers } from '../transfers/observed-transfers.ts'
import { createClamdScanner } from '../uploads/clamd.ts'
import { createUploads, type UploadsOptions } from '../uploads/create-uploads.ts'
import { PreparationQueue } from '../uploads/preparation.ts'
import type { Uploads } from '../uploads/uploads.ts'
import { parseSourcePath } from '../urls/source-path.ts'
import { versionOf } from '../urls/version.ts'
import { treeOf } from '../variants/restriction.ts'
import { nameOf } from '../variants/variant.ts'
import type { Core } from './core.ts'
import type { Transport } from './transport.ts'

export interface LibraryOptions {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly transport: Transport
  readonly pool: WorkerPool
  readonly core: Core
  readonly audit: AuditTrail
  readonly epoch: string
  readonly clock: Clock
  /** What follows of changes at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
}

/** The media library: what people put in, order, replace and delete, and what goes on behind it. */
export function createLibrary(options: LibraryOptions) {
  const { config, log, metrics, store, transport, clock, edge } = options
  const { outbox, sender } = createOutbox(options)
  const unfinished = createUnfinished(options, outbox)
  const records = createRecords(options, outbox, unfinished)
  const preparation = createPreparation(options)
  const transfers = observeTransfers(transport.transfers, recordBucketCalls(metrics))
  const sweeping = createSweepSchedule({
    store,
    multiparts: transport.multiparts,
    outbox,
    edge,
    sources: config.HALFTONE_SOURCES,
    remoteKeepMs: config.HALFTONE_REMOTE_KEEP_DAYS * 86_400_000,
    epoch: options.epoch,
    clock,
    deletes: config.HALFTONE_SWEEP_DELETES,
    isBusy: () => options.core.admission.isBusy,
    intervalMs: config.HALFTONE_SWEEP_INTERVAL_HOURS * 3_600_000,
    abandonedAfterMs: abandonedAfterMs(config),
    checkMs: abandonedAfterMs(config),
    onReport: (report) => log.info({ report }, 'swept'),
    onLeftOvers: (tally) => log.warn({ tally }, 'changes that were cut short'),
    onFailure: (err) => log.error({ err }, 'the bucket cannot be swept'),
  })
  return {
    ...records,
    outbox,
    transfers,
    uploads: createIntake(options, { ...records, transfers, preparation }),
    /** Begins what goes on by itself. */
    start() {
      sender?.start()
      sweeping.start()
    },
    /** Ends it; what is being made or sent is finished. */
    async close() {
      await Promise.all([preparation.close(), sender?.close(), sweeping.close(), unfinished.close()])
    },
  }
}

function createOutbox({ config, log, metrics, store, clock }: LibraryOptions) {
  const events = createEvents({
    store,
    clock,
    url: config.HALFTONE_WEBHOOK_URL,
    secrets: config.HALFTONE_WEBHOOK_SECRETS,
    timeoutMs: config.HALFTONE_WEBHOOK_TIMEOUT_MS,
    maxAttempts: config.HALFTONE_WEBHOOK_ATTEMPTS,
    intervalMs: config.HALFTONE_EVENTS_INTERVAL_MS,
    onAttempt: recordEvents(log, metrics),
    onFailure: (err) => log.warn({ err }, 'the outbox cannot be read'),
  })
  const { sender } = events
  if (sender) {
    const oldestSeconds = () => sender.oldestMs / 1000
    addEventGauges(metrics.registry, { pending: () => sender.pending, oldestSeconds })
  }
  return events
}

/** However short requests are: a call of the bucket that is repeated takes its time, and each look costs a listing. */
const LEAST_ABANDONED_MS = 30_000

/** Longer than any change takes, in milliseconds: who has announced one so long ago does not live to finish it. */
export function abandonedAfterMs(config: Config): number {
  return Math.max(LEAST_ABANDONED_MS, 3 * config.HALFTONE_REQUEST_TIMEOUT_MS)
}

/** A change, as the log tells it. */
const fieldsOf = ({ id, change: { record } }: PendingChange) => ({ change: id, record })

function createUnfinished({ log, store, edge }: LibraryOptions, outbox: EventOutbox) {
  return new Unfinished<PendingChange>({
    finish: async (pending) => finishChange({ store, outbox, edge }, pending),
    onFinished: (pending) => log.info(fieldsOf(pending), 'a change is finished'),
    onFailure: (err, pending, left) =>
      log.warn({ err, ...fieldsOf(pending), left }, 'changes that are made wait to be finished'),
  })
}

function createRecords(
  { config, log, store, core, edge }: LibraryOptions,
  outbox: EventOutbox,
  unfinished: Unfinished<PendingChange>,
) {
  const shared: ChangesOptions = {
    store,
    outbox,
    edge,
    assertWritable: createWriteGuard({ store }),
    onUnfinished(err, pending) {
      log.error({ err, ...fieldsOf(pending) }, 'a change is made, but not finished')
      unfinished.add(pending)
    },
    onChanged: core.forget,
  }
  return {
    assertWritable: shared.assertWritable,
    albums: createAlbums({ ...shared, maxPhotos: config.HALFTONE_ITEM_PHOTOS_MAX }),
    profiles: createProfiles({ ...shared, access: config.HALFTONE_PROFILE_PHOTO_ACCESS }),
    documents: createDocuments({ ...shared, maxDocuments: config.HALFTONE_DOCUMENTS_MAX }),
  }
}

interface LibraryParts
  extends Pick<UploadsOptions, 'albums' | 'profiles' | 'documents' | 'transfers' | 'assertWritable'> {
  readonly preparation: PreparationQueue
}

/** Files on their way in, and what is tried on them. */
function createIntake(options: LibraryOptions, { preparation, ...parts }: LibraryParts): Uploads {
  const { config, log, store, transport, pool, audit, clock } = options
  const clamd = config.HALFTONE_CLAMD
  const scanner =
    clamd &&
    createClamdScanner({
      address: clamd,
      timeoutMs: config.HALFTONE_CLAMD_TIMEOUT_MS,
      maxBytes: config.HALFTONE_CLAMD_MAX_MB,
    })
  return createUploads({
    ...parts,
    store,
    multiparts: transport.multiparts,
    presigner: transport.presigner,
    abilities: transport.abilities,
    audit,
    // Of the bucket: replicas whose clocks differ, or are set, agree on when a ticket ends.
    now: () => new Date(clock.now()),
    kinds: kindsOf(config),
    maxPhotos: config.HALFTONE_ITEM_PHOTOS_MAX,
    checks: { renderer: withinMemory(pool, options.core), scanner },
    budget: new FairBudget({ capacity: config.HALFTONE_UPLOAD_MEMORY_MB }),
    lifeMs: config.HALFTONE_TICKET_MINUTES * 60_000,
    partsLifeMs: config.HALFTONE_TICKET_PARTS_HOURS * 3_600_000,
    prepare: (work) => void preparation.add(work),
    onLeftOver: (err, key) => log.warn({ err, key }, 'what was refused could not be removed'),
  })
}

const PREPARATION = { dialect: 'preparation', isBackground: true } as const

/** Makes the usual sizes of what has come in, as somebody who asks for them would. */
function createPreparation({ config, log, core, epoch }: LibraryOptions): PreparationQueue {
  return new PreparationQueue({
    formats: config.HALFTONE_PREPARE_FORMATS,
    async prepare(path, preset, format) {
      const size = config.HALFTONE_PRESETS.get(preset)
      const { source } = await core.sources.findNow(parseSourcePath(path.split('/')))
      // Removed meanwhile, or a preset that is no more: nobody will ask.
      if (size === undefined || source === undefined) return
      const spec = { ...size, format }
      const name = nameOf(source.at, versionOf(source.version, epoch), spec, treeOf(source))
      await core.variants.find(name, source, spec, { requester: PREPARATION })
    },
    isBusy: () => core.admission.isBusy,
    maxQueued: config.HALFTONE_PREPARE_QUEUE_LENGTH,
    onFailure: (err, { path }) => log.warn({ err, path }, 'the usual sizes could not be made'),
  })
}
