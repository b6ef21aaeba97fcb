import { forget as forgetEverywhere } from '../cdn/forget.ts'
import type { Health } from '../circuit/health.ts'
import type { Config } from '../config.ts'
import { createOverlays, type Overlays } from '../overlays/overlays.ts'
import type { EdgePurges } from '../purging/purging.ts'
import { Admission } from '../admission/admission.ts'
import { FairBudget } from '../admission/fair-budget.ts'
import type { WorkerPool } from '../render/worker-pool.ts'
import { createRemoteSources, type RemoteSources } from '../remote/remote-sources.ts'
import { lookUp } from '../sources/look-up.ts'
import type { SourceBodies } from '../sources/source.ts'
import { Sources } from '../sources/sources.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { createRecordView, createSourceView, type SourceView } from '../storage/source-view.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createKindOf } from '../transform/size-policy.ts'
import { Delivery } from '../variants/delivery.ts'
import { KnownFacts } from '../variants/known-facts.ts'
import { NegotiatedDelivery } from '../variants/negotiated-delivery.ts'
import { Renditions, type RenditionsOptions } from '../variants/rendition.ts'
import { VariantStore, type VariantStoreOptions } from '../variants/variant-store.ts'
import { StandInRenders } from '../variants/stand-in-renders.ts'
import { VariantStock } from '../variants/variant-stock.ts'
import { WriteBack } from '../variants/write-back.ts'
import { ownHostsOf } from '../settings/remote.ts'
import { edgePolicyOf } from './edge.ts'
import { createForget, createJournalReader } from './forgetting.ts'
import { createGates, createLookUpGate, fetchesAtOnce, type Gates } from './pool.ts'

export interface CoreOptions {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly pool: WorkerPool
  readonly epoch: string
  /** Called when the journal says that something has changed. */
  readonly onHeard?: (() => void) | undefined
  /** What follows of changes at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
  /** How it stands with the bucket, where its calls go through a circuit. */
  readonly health?: Health | undefined
  /** Which addresses sources may be fetched from; by default those of the public internet. */
  readonly allowAddress?: ((address: string) => boolean) | undefined
  /** Whether this process is busy; by default its event loop says so. */
  readonly isLoopBusy?: (() => boolean) | undefined
}

export type Core = ReturnType<typeof createCore>

/** Everything between a request for a picture and its answer, but HTTP. */
export function createCore(options: CoreOptions) {
  const { config, metrics, store, epoch } = options
  const pictures = createSourceView(store, config.HALFTONE_SOURCES)
  const records = createRecordView(store, config.HALFTONE_SOURCES)
  const remote = createRemote(options)
  const views = { pictures, records, remote: remote.lookUp.bind(remote) }
  const gates = createGates(config, (reason) => metrics.refused.inc({ reason }))
  const gate = createLookUpGate(config, gates.admission, options.isLoopBusy)
  const sources = new Sources({
    gate,
    lookUp: (path, signal) => lookUp(views, path, signal),
    ttlMs: config.HALFTONE_LOOKUP_TTL_MS,
    timeoutMs: config.HALFTONE_FETCH_TIMEOUT_MS,
  })
  const renditions = createRenditions(options, gates, {
    bodies: createBodies(pictures, remote),
    overlays: overlaysOf(config, pictures, sources),
  })
  const { variants, writeBack, stock } = createVariants(options, { sources, gate, renditions })
  const facts = new KnownFacts({ variants, epoch })
  const forget = createForget({ sources, variants, stock, remote })
  const journal = createJournalReader(options, { sources, variants, stock, remote, forget })
  const delivery = new Delivery({
    sources,
    variants,
    renders: createStandIns(options, { variants, stock, ...gates }),
    journal,
    epoch,
    edge: edgePolicyOf(config),
  })
  const avifMaxSide = config.HALFTONE_AVIF_MAX_SIDE
  const negotiated = new NegotiatedDelivery({ delivery, sources, facts, avifMaxSide })
  const memory = { sources, remote, variants, facts, forget }
  return { ...memory, ...gates, renditions, writeBack, journal, delivery, negotiated }
}

function createRenditions(
  { config, pool: renderer, epoch }: CoreOptions,
  gates: Gates,
  read: Pick<RenditionsOptions, 'bodies' | 'overlays'>,
): Renditions {
  return new Renditions({
    ...read,
    ...gates,
    renderer,
    maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
    fetchTimeoutMs: config.HALFTONE_FETCH_TIMEOUT_MS,
    minFetchBytes: config.HALFTONE_FETCH_MB / fetchesAtOnce(config),
    epoch,
  })
}

/** What lies on other servers, where the operator has named any. */
function createRemote({ config, allowAddress }: CoreOptions): RemoteSources {
  return createRemoteSources({
    allowed: config.HALFTONE_REMOTE_SOURCES,
    siteOrigin: config.HALFTONE_SITE_ORIGIN,
    ownHosts: ownHostsOf(config),
    maxBytes: config.HALFTONE_MAX_SOURCE_MB,
    maxRedirects: config.HALFTONE_REMOTE_MAX_REDIRECTS,
    memoryBytes: config.HALFTONE_REMOTE_MEMORY_MB,
    timeoutMs: config.HALFTONE_REMOTE_TIMEOUT_MS,
    connectTimeoutMs: config.HALFTONE_REMOTE_CONNECT_TIMEOUT_MS,
    admission: new Admission({ slots: config.HALFTONE_REMOTE_CONNECTIONS, maxQueued: 0, maxWaitMs: 0 }),
    // A budget of its own: who renders holds a part of the other one while it is waited for here.
    reading: new FairBudget({ capacity: config.HALFTONE_FETCH_MB }),
    allowAddress,
  })
}

function createBodies(pictures: SourceView, remote: RemoteSources): SourceBodies {
  return {
    get: (source, options) =>
      source.at.shape === 'remote'
        ? remote.bodies.get(source, options)
        : pictures.get(source.key, { ...options, ifMatch: source.etag }),
  }
}

function overlaysOf(config: Config, pictures: SourceView, sources: Sources): Overlays {
  return createOverlays({
    presets: config.HALFTONE_OVERLAYS,
    pictures,
    // What the library looks after can be hidden and deleted, and nobody would know which pictures it is drawn over.
    isFree: async (path, signal) => {
      const { source } = await sources.find({ shape: 'key', path }, { signal })
      return source?.access === 'public' && !source.managed
    },
    maxSourceBytes: config.HALFTONE_MAX_SOURCE_MB,
    timeoutMs: config.HALFTONE_FETCH_TIMEOUT_MS,
  })
}

function createVariants(
  { config, log, metrics, store, edge, health }: CoreOptions,
  { sources, ...parts }: Pick<VariantStoreOptions, 'gate' | 'renditions'> & { readonly sources: Sources },
) {
  const stock = new VariantStock({
    store,
    maxStored: { 'off-ladder': config.HALFTONE_OFF_LADDER_STORED, varied: config.HALFTONE_VARIED_STORED },
    kindOf: createKindOf(config.HALFTONE_PRESETS),
    timeoutMs: config.HALFTONE_REQUEST_TIMEOUT_MS,
  })
  const writeBack = new WriteBack({
    store,
    stock,
    sources,
    concurrency: config.HALFTONE_WRITE_CONCURRENCY,
    maxQueued: config.HALFTONE_WRITE_QUEUE_LENGTH,
    mayRetry: () => health?.retries.take() ?? true,
    drop: (variant) => variants.forget([variant.key]),
    onOutdated: async (_variant, source) => {
      // It is gone from the bucket already; but the edge may have read it there meanwhile.
      await forgetEverywhere(store, [source.at.path], undefined, { stale: [], edgePurges: edge })
    },
    onTaken: (variant, signal) => variants.adoptStored(variant, signal),
    onFinished: (outcome, variant, err) => {
      metrics.writes.inc({ outcome })
      if (outcome === 'failed' || outcome === 'refused')
        log.error({ key: variant.key, outcome, err }, 'not stored')
    },
  })
  const variants: VariantStore = new VariantStore({
    ...parts,
    store,
    writeBack,
    memoryBytes: config.HALFTONE_MEMORY_MB,
    flightTimeoutMs: config.HALFTONE_REQUEST_TIMEOUT_MS,
    onRendered: ({ key, contentType }, { queueMs, decodeMs, encodeMs }) => {
      stock.note(key)
      metrics.queueSeconds.observe(queueMs / 1000)
      metrics.renderSeconds.observe({ type: contentType }, (decodeMs + encodeMs) / 1000)
    },
  })
  return { variants, writeBack, stock }
}

function createStandIns(
  { epoch, log, metrics }: CoreOptions,
  { variants, stock, admission }: { readonly variants: VariantStore; readonly stock: VariantStock } & Gates,
): StandInRenders {
  return new StandInRenders({
    variants,
    stock,
    isCongested: () => admission.isCongested,
    epoch,
    onOffLadder: (outcome) => metrics.offLadder.inc({ outcome }),
    onDegraded: (outcome) => metrics.degraded.inc({ outcome }),
    onFailure: (err) => log.warn({ err }, 'no stand-in could be looked for'),
  })
}
