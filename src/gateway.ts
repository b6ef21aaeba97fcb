import { fileURLToPath } from 'node:url'
import { type Config, renderingOf } from './config.ts'
import { createAdminApp } from './http/admin-app.ts'
import { createApp } from './http/app.ts'
import type { SamplesPage } from './http/samples-page.ts'
import { Admission } from './render/admission.ts'
import { ByteBudget } from './render/byte-budget.ts'
import { cpuCount } from './render/cpu-quota.ts'
import { type PoolEvent, WorkerPool } from './render/worker-pool.ts'
import { appendToJournal } from './sources/journal.ts'
import { JournalReader } from './sources/journal-reader.ts'
import { lookUp } from './sources/look-up.ts'
import { Sources } from './sources/sources.ts'
import type { ObjectStore } from './storage/object-store.ts'
import { observeStore } from './storage/observed-store.ts'
import { createS3ObjectStore, type S3ObjectStore } from './storage/s3-object-store.ts'
import { createRecordView, createSourceView } from './storage/source-view.ts'
import type { Logger } from './telemetry/log.ts'
import { addGauges, createMetrics, type Gauges, type Metrics } from './telemetry/metrics.ts'
import { Readiness } from './telemetry/readiness.ts'
import { recordBucketCalls, recordPoolEvents } from './telemetry/recorders.ts'
import { variantEpoch } from './transform/rendering-settings.ts'
import { createSizePolicy } from './transform/size-policy.ts'
import { createNativeDialect } from './urls/native-dialect.ts'
import { variantsBelow } from './urls/variant-key.ts'
import { Delivery } from './variants/delivery.ts'
import { KnownFacts } from './variants/known-facts.ts'
import { NegotiatedDelivery } from './variants/negotiated-delivery.ts'
import { Renditions } from './variants/rendition.ts'
import { VariantStore } from './variants/variant-store.ts'
import { WriteBack } from './variants/write-back.ts'

/** The compiled entry of the render workers, beside this file. */
const WORKER_FILE = fileURLToPath(new URL('./pixels/worker.js', import.meta.url))

export interface GatewayOptions {
  readonly config: Config
  readonly log: Logger
  /** The demo page at `/`; production has none. */
  readonly samplesPage?: ((store: ObjectStore) => SamplesPage) | undefined
  /** The compiled entry of a render worker, where it is not beside this file. */
  readonly workerFile?: string | undefined
}

export interface PoolOptions {
  readonly workerFile?: string | undefined
  readonly onEvent?: (event: PoolEvent) => void
}

export type Gateway = Awaited<ReturnType<typeof createGateway>>

/** The bucket that the configuration names, as a store. */
export function openBucket(config: Config, bucket: string): S3ObjectStore {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = config
  const { AWS_SESSION_TOKEN: sessionToken, AWS_ENDPOINT_URL_S3: endpoint } = config
  return createS3ObjectStore({
    bucket,
    region: config.AWS_REGION,
    endpoint,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined
        ? { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
        : undefined,
    // Only AWS itself gives every bucket a host name of its own.
    forcePathStyle: config.HALFTONE_S3_FORCE_PATH_STYLE ?? endpoint !== undefined,
    connections: config.HALFTONE_S3_CONNECTIONS,
    headersTimeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    bodyTimeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    maxAttempts: config.HALFTONE_S3_ATTEMPTS,
  })
}

/** The composition root: constructs every part and wires them. Nothing runs before `start`. */
export async function createGateway(options: GatewayOptions, store: ObjectStore) {
  const { config, log } = options
  const metrics = createMetrics()
  const pool = createPool(config, { workerFile: options.workerFile, onEvent: recordPoolEvents(log, metrics) })
  const { epoch: encoders } = await pool.ready()
  const epoch = variantEpoch(encoders, renderingOf(config))
  const observed = observeStore(store, recordBucketCalls(metrics))
  const core = createCore({ config, log, metrics, store: observed, pool, epoch })
  const readiness = new Readiness(() => core.journal.reachable)
  addGauges(metrics.registry, gaugesOf(core, pool))
  const app = createApp({
    dialect: createNativeDialect({
      presets: config.HALFTONE_PRESETS,
      signingKeys: config.HALFTONE_SIGNING_KEYS,
    }),
    sizes: createSizePolicy({ policy: config.HALFTONE_SIZES, presets: config.HALFTONE_PRESETS }),
    delivery: core.negotiated,
    originSecrets: config.HALFTONE_ORIGIN_SECRETS,
    requestTimeoutMs: config.HALFTONE_REQUEST_TIMEOUT_MS,
    readiness,
    log,
    metrics,
    logHitsEvery: config.HALFTONE_LOG_HITS_EVERY,
    samplesPage: options.samplesPage?.(observed),
  })
  return {
    app,
    adminApp: createAdminApp(metrics.registry, readiness),
    readiness,
    metrics,
    pool,
    store: observed,
    ...core,
  }
}

interface CoreOptions {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly pool: WorkerPool
  readonly epoch: string
}

/** Everything between a request and its answer, but HTTP. */
function createCore(options: CoreOptions) {
  const { config, store, epoch } = options
  const pictures = createSourceView(store, config.HALFTONE_SOURCES)
  const records = createRecordView(store, config.HALFTONE_SOURCES)
  const sources = new Sources({
    lookUp: (path, signal) => lookUp({ pictures, records }, path, signal),
    ttlMs: config.HALFTONE_LOOKUP_TTL_MS,
    timeoutMs: config.HALFTONE_FETCH_TIMEOUT_MS,
  })
  const admission = new Admission({
    // One picture in work and one at the door of each worker.
    slots: 2 * workerCount(config),
    maxQueued: config.HALFTONE_QUEUE_LENGTH,
    maxWaitMs: config.HALFTONE_QUEUE_WAIT_MS,
  })
  const renditions = new Renditions({
    pictures,
    renderer: options.pool,
    admission,
    fetching: new ByteBudget(config.HALFTONE_FETCH_MB),
    maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
    fetchTimeoutMs: config.HALFTONE_FETCH_TIMEOUT_MS,
    epoch,
  })
  const { variants, writeBack } = createVariants(options, sources, renditions)
  const facts = new KnownFacts({ variants, epoch })
  const journal = createJournalReader(options, sources, variants)
  const purgesEdge = config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID !== undefined
  const delivery = new Delivery({ sources, variants, journal, epoch, purgesEdge })
  const negotiated = new NegotiatedDelivery({
    delivery,
    sources,
    facts,
    avifMaxSide: config.HALFTONE_AVIF_MAX_SIDE,
  })
  return { sources, admission, variants, facts, writeBack, journal, delivery, negotiated }
}

function createVariants(
  { config, log, metrics, store }: CoreOptions,
  sources: Sources,
  renditions: Renditions,
) {
  const writeBack = new WriteBack({
    store,
    sources,
    concurrency: config.HALFTONE_WRITE_CONCURRENCY,
    maxQueued: config.HALFTONE_WRITE_QUEUE_LENGTH,
    onOutdated: async (variant, source) => {
      variants.forget([variant.key])
      await appendToJournal(store, [source.at.path])
    },
    onTaken: (variant, signal) => variants.adoptStored(variant, signal),
    onFinished: (outcome, variant, err) => {
      metrics.writes.inc({ outcome })
      if (outcome === 'failed' || outcome === 'refused')
        log.error({ key: variant.key, outcome, err }, 'not stored')
    },
  })
  const variants: VariantStore = new VariantStore({
    store,
    renditions,
    writeBack,
    memoryBytes: config.HALFTONE_MEMORY_MB,
    flightTimeoutMs: config.HALFTONE_REQUEST_TIMEOUT_MS,
    onRendered: ({ contentType }, { queueMs, decodeMs, encodeMs }) => {
      metrics.queueSeconds.observe(queueMs / 1000)
      metrics.renderSeconds.observe({ type: contentType }, (decodeMs + encodeMs) / 1000)
    },
  })
  return { variants, writeBack }
}

function createJournalReader({ config, log, store }: CoreOptions, sources: Sources, variants: VariantStore) {
  return new JournalReader({
    store,
    intervalMs: config.HALFTONE_JOURNAL_INTERVAL_MS,
    timeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    maxLagMs: config.HALFTONE_JOURNAL_MAX_LAG_MS,
    onChange: (paths) => {
      log.info({ paths }, 'forgetting')
      for (const path of paths) sources.forget(path)
      variants.forget(paths.map((path) => variantsBelow(path)))
    },
    onGap: () => {
      log.warn('entries of the journal were missed: forgetting everything')
      sources.forgetAll()
      variants.forgetAll()
    },
    onFailure: (err) => log.warn({ err }, 'the journal cannot be read'),
  })
}

/** The render workers that the configuration asks for. */
export function createPool(config: Config, options: PoolOptions = {}): WorkerPool {
  const { workerFile = WORKER_FILE, onEvent } = options
  return new WorkerPool({
    workerFile,
    workers: workerCount(config),
    environment: config.environment,
    limits: {
      maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
      maxPixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxFramePixels: config.HALFTONE_MAX_MEGAPIXELS,
      maxOutputSide: config.HALFTONE_MAX_SIDE,
    },
    settings: renderingOf(config),
    pictureTimeoutMs: config.HALFTONE_RENDER_TIMEOUT_MS,
    maxWorkerRssBytes: config.HALFTONE_WORKER_MAX_MB,
    ...(onEvent !== undefined && { onEvent }),
  })
}

/** One worker for each CPU that the cgroup allows, unless a number is set. */
function workerCount({ HALFTONE_WORKERS: set }: Config): number {
  return set === 0 ? cpuCount() : set
}

function gaugesOf(core: ReturnType<typeof createCore>, pool: WorkerPool): Gauges {
  return {
    queueLength: () => core.admission.stats.waiting,
    rendering: () => core.admission.stats.running,
    flights: () => core.variants.stats.flights,
    memoryBytes: () => core.variants.stats.memoryBytes,
    memoryEntries: () => core.variants.stats.memoryEntries,
    writesPending: () => core.writeBack.pending,
    journalLagSeconds: () => core.journal.lagMs / 1000,
    workerMemoryBytes: () => pool.stats().workers.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  }
}
