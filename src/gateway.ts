import type { AuditTrail } from './audit/audit.ts'
import { createAuditTrail } from './audit/audit-trail.ts'
import type { Health } from './circuit/health.ts'
import type { FaceDetector } from './cloudflare/face-detector.ts'
import { Faces } from './cloudflare-delivery/faces.ts'
import { createCloudflareDialect } from './cloudflare-delivery/routes.ts'
import { createSourcePaths } from './cloudflare-delivery/source-paths.ts'
import { createClients } from './composition/api.ts'
import { createCore, type Core } from './composition/core.ts'
import { createEdge } from './composition/edge.ts'
import { edgePolicyOf } from './composition/edge.ts'
import { createHosted, type Hosted } from './composition/hosted.ts'
import { createAccess } from './composition/identity.ts'
import { createDemo, createMedia } from './composition/media.ts'
import { createPool } from './composition/pool.ts'
import type { Transport } from './composition/transport.ts'
import { type Config, renderingOf } from './config.ts'
import { createHostedDelivery } from './hosted-delivery/routes.ts'
import { createAdminApp } from './http/admin-app.ts'
import { createApp } from './http/app.ts'
import { createReadWish } from './http/negotiation.ts'
import type { ServingOptions } from './http/serve-picture.ts'
import { createClock } from './leases/clock.ts'
import { tryTexts } from './overlays/try-texts.ts'
import type { DemoPage } from './pages/demo-page.ts'
import type { WorkerPool } from './render/worker-pool.ts'
import type { ObjectStore } from './storage/object-store.ts'
import { observeStore } from './storage/observed-store.ts'
import type { Logger } from './telemetry/log.ts'
import { addGauges, createMetrics, type Gauges } from './telemetry/metrics.ts'
import { Readiness } from './telemetry/readiness.ts'
import { recordBucketCalls, recordPoolEvents } from './telemetry/recorders.ts'
import { variantEpoch } from './transform/rendering-settings.ts'
import { createSizePolicy } from './transform/size-policy.ts'
import { createNativeDialect } from './urls/native-dialect.ts'

export interface GatewayOptions {
  readonly config: Config
  readonly log: Logger
  /** How files come and go; without it there is no API and no library, only pictures. */
  readonly transport?: Transport | undefined
  /** How it stands with the bucket, where its calls go through a circuit. */
  readonly health?: Health | undefined
  /** Where readings and refusals of what is not public are written down; by default in the bucket. */
  readonly audit?: AuditTrail | undefined
  /** The demo page at `/`; production has none unless it is asked for. */
  readonly demoPage?: ((store: ObjectStore) => DemoPage) | undefined
  /** Which addresses sources may be fetched from; by default those of the public internet. */
  readonly allowAddress?: ((address: string) => boolean) | undefined
  /** Looks for faces; without it a picture's centre counts as one. */
  readonly faceDetector?: FaceDetector | undefined
  /** Whether this process is busy; by default its event loop says so. */
  readonly isLoopBusy?: (() => boolean) | undefined
  /** The compiled entry of a render worker, where it is not beside this file. */
  readonly workerFile?: string | undefined
  /** The folder of the compiled browser module, where that is not beside this file. */
  readonly browserDir?: string | undefined
}

export type Gateway = Awaited<ReturnType<typeof createGateway>>

/** The composition root: constructs every part and wires them. Nothing runs before `start`. */
export async function createGateway(options: GatewayOptions, store: ObjectStore) {
  const { config, log, health, isLoopBusy } = options
  const metrics = createMetrics(health)
  const pool = createPool(config, { workerFile: options.workerFile, onEvent: recordPoolEvents(log, metrics) })
  const epoch = await epochOf(pool, options)
  const observed = observeStore(store, recordBucketCalls(metrics))
  const clock = createClock(() => options.transport?.clockSkewMs())
  const base = { config, log, health, metrics, store: observed, clock, allowAddress: options.allowAddress }
  const edge = createEdge(base)
  const core = createCore({ ...base, isLoopBusy, pool, epoch, onHeard: edge.expect, edge: edge.purges })
  const bucketEvents = edge.listen(core)
  const readiness = new Readiness(() => core.journal.reachable)
  addGauges(metrics.registry, gaugesOf(core, pool))
  const audit = options.audit ?? createAuditTrail({ store: observed })
  const clients = { ...createClients(config, log), ...createAccess(config) }
  const shared = { ...base, pool, core, audit, epoch, edge: edge.purges, hosted: createHosted(base) }
  const media = createMedia(shared, clients, options)
  const serving = {
    ...targetsOf(config),
    ...clients,
    audit,
    delivery: core.negotiated,
  }
  const app = createApp({
    ...serving,
    dialects: createDialects(shared, { ...serving, ...createFaces(options, core) }),
    ...media,
    events: bucketEvents.routes,
    ...edgeOf(config),
    readiness,
    log,
    metrics,
    logHitsEvery: config.HALFTONE_LOG_HITS_EVERY,
    demo: createDemo(options.demoPage?.(observed), options.browserDir),
  })
  return {
    app,
    adminApp: createAdminApp(metrics.registry, readiness),
    readiness,
    metrics,
    pool,
    store: observed,
    ...core,
    library: media?.library,
    edge: bucketEvents,
    limits: clients.limits,
  }
}

/** Which targets are understood, which sizes strangers may ask for, and how long anybody waits. */
function targetsOf(config: Config) {
  const { HALFTONE_PRESETS: presets, HALFTONE_SIZES: policy, HALFTONE_SIGNING_KEYS: signingKeys } = config
  return {
    dialect: createNativeDialect({ presets, signingKeys }),
    sizes: createSizePolicy({ policy, presets, inlineOverlays: config.HALFTONE_INLINE_OVERLAYS }),
    requestTimeoutMs: config.HALFTONE_REQUEST_TIMEOUT_MS,
  }
}

/** Cloudflare's URLs as the configuration has them; `undefined` where it has none. */
function cloudflareOf(
  config: Config,
  { dialect: native, sizes }: ReturnType<typeof targetsOf>,
  { remote, sources }: Core,
) {
  const { HALFTONE_CLOUDFLARE_MOUNTS: mounts, HALFTONE_HOST_PREFIXES: hostPrefixes } = config
  if (mounts.length === 0) return undefined
  const addresses = [config.HALFTONE_CDN_URL, config.HALFTONE_PUBLIC_URL, config.HALFTONE_SITE_ORIGIN]
  const ownHosts = new Set([
    ...hostPrefixes.keys(),
    ...addresses.flatMap((url) => (url ? [new URL(url).host] : [])),
  ])
  return {
    mounts,
    ownHosts,
    native,
    sizes,
    sourcePaths: createSourcePaths({ mounts, native, hostPrefixes, ownHosts, remote }),
    sources,
    readWish: createReadWish(config.HALFTONE_ORIGIN_SECRETS),
    edge: edgePolicyOf(config),
    keepsCopyright: config.HALFTONE_KEEP_COPYRIGHT,
  }
}

/** What is known of faces, where there is somebody who looks for them. */
function createFaces({ config, faceDetector: detector }: GatewayOptions, { sources, renditions }: Core) {
  if (detector === undefined) return {}
  const timeoutMs = config.HALFTONE_REQUEST_TIMEOUT_MS
  return { faces: new Faces({ detector, sources, renditions, timeoutMs }), detectsFaces: true }
}

interface Parts {
  readonly config: Config
  readonly core: Core
  readonly hosted: Hosted
}
type Serving = ServingOptions & ReturnType<typeof targetsOf> & ReturnType<typeof createFaces>

/** The dialects beside the native one that the configuration has. */
function createDialects(parts: Parts, serving: Serving) {
  const cloudflare = cloudflareOf(parts.config, serving, parts.core)
  const hosted = hostedOf(parts, serving)
  return [
    ...(cloudflare ? [createCloudflareDialect({ ...cloudflare, ...serving })] : []),
    ...(hosted ? [createHostedDelivery({ ...hosted, ...serving })] : []),
  ]
}

/** Hosted images as the configuration has them; `undefined` where there is no account. */
function hostedOf({ config, core, hosted }: Parts, { dialect: native }: Serving) {
  const { HALFTONE_CLOUDFLARE_ACCOUNT: account, HALFTONE_CLOUDFLARE_ACCOUNT_HASH: accountHash } = config
  if (account === undefined || accountHash === undefined) return undefined
  return {
    images: hosted.images,
    accountHash,
    ttlMs: config.HALFTONE_LOOKUP_TTL_MS,
    now: Date.now,
    native,
    sources: core.sources,
    edge: edgePolicyOf(config),
    readWish: createReadWish(config.HALFTONE_ORIGIN_SECRETS),
    keepsCopyright: config.HALFTONE_KEEP_COPYRIGHT,
  }
}

/** What the edge in front shows, and what it checks. */
function edgeOf(config: Config) {
  return {
    originSecrets: config.HALFTONE_ORIGIN_SECRETS,
    requiresOriginSecret: config.HALFTONE_ORIGIN_SECRET_REQUIRED,
    edgeSigns: config.HALFTONE_CLOUDFRONT_KEY_PAIR_ID !== undefined,
  }
}

function gaugesOf(core: Core, pool: WorkerPool): Gauges {
  return {
    queueLength: () => core.admission.stats.held - core.admission.stats.running,
    rendering: () => core.admission.stats.running,
    fetchBytes: () => core.fetching.stats.used,
    renderMemoryBytes: () => core.working.stats.used,
    flights: () => core.variants.stats.flights,
    memoryBytes: () => core.variants.stats.memoryBytes,
    memoryEntries: () => core.variants.stats.memoryEntries,
    writesPending: () => core.writeBack.pending,
    journalLagSeconds: () => core.journal.lagMs / 1000,
    workerMemoryBytes: () => pool.stats().workers.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  }
}

/** The epoch of what these workers make, which are ready then. Texts that they cannot write are told at once. */
async function epochOf(pool: WorkerPool, { config, log }: GatewayOptions): Promise<string> {
  const { epoch: encoders } = await pool.ready()
  const { HALFTONE_OVERLAYS: overlays } = config
  await tryTexts(pool, overlays).catch((err: unknown) => log.error({ err }, 'an overlay cannot be drawn'))
  return variantEpoch(encoders, renderingOf(config), overlays)
}
