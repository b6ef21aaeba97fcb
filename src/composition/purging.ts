import type { Config } from '../config.ts'
import type { Clock } from '../leases/clock.ts'
import { AskedPurges, type AskedPurgesOptions } from '../purging/asked-purges.ts'
import { createCloudFrontApi } from '../purging/cloudfront-api.ts'
import { createPurging, type Purging } from '../purging/create-purging.ts'
import { createEdgePurges } from '../purging/hand-over.ts'
import type { EdgePurges } from '../purging/purging.ts'
import { isAllowedSource } from '../remote/allowed-sources.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Logger } from '../telemetry/log.ts'
import { addPurgeGauges, type Metrics } from '../telemetry/metrics.ts'
import { recordEdgeCalls, recordSetAside } from '../telemetry/recorders.ts'
import { createNativeDialect } from '../urls/native-dialect.ts'
import { DELIVERY_MOUNT } from './hosted.ts'

export interface PurgingParts {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly clock: Clock
}

/** The queue to the edge, where there is one that is purged. */
export function createEdgePurging({ config, log, metrics, store, clock }: PurgingParts): Purging | undefined {
  const distributionId = config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID
  if (distributionId === undefined) return undefined
  const purging = createPurging({
    store,
    clock,
    api: createCloudFrontApi({
      distributionId,
      endpoint: config.HALFTONE_CLOUDFRONT_ENDPOINT,
      credentials: credentialsOf(config),
      timeoutMs: config.HALFTONE_CLOUDFRONT_TIMEOUT_MS,
    }),
    by: config.HALFTONE_PURGE_BY,
    signed: config.HALFTONE_SIGNING_KEYS.length > 0,
    originals: config.HALFTONE_PUBLIC_ORIGINALS,
    others: otherDialects(config),
    itemsPerSecond: config.HALFTONE_PURGE_ITEMS_PER_SECOND,
    wildcardsPerSecond: config.HALFTONE_PURGE_WILDCARDS_PER_SECOND,
    patienceMs: config.HALFTONE_PURGE_PATIENCE_S * 1000,
    intervalMs: config.HALFTONE_PURGE_INTERVAL_MS,
    repeatAfterMs: refillMs(config),
    onCall: recordEdgeCalls(log, metrics),
    onSetAside: recordSetAside(log, metrics),
    onFailure: (err) => log.warn({ err }, 'the queue to the edge'),
  })
  const { sender } = purging
  addPurgeGauges(metrics.registry, {
    waiting: () => sender.backlog.waiting,
    sent: () => sender.backlog.sent,
    oldestSeconds: () => sender.backlog.oldestMs / 1000,
  })
  return purging
}

/** Where pictures are asked for in other dialects than our own. */
function otherDialects(config: Config): readonly string[] {
  const { HALFTONE_CLOUDFLARE_MOUNTS: mounts, HALFTONE_CLOUDFLARE_ACCOUNT_HASH: hash } = config
  const hosted = hash === undefined ? [] : [DELIVERY_MOUNT, `/${hash}`]
  return [...mounts, ...hosted].map((prefix) => `${prefix}/*`)
}

/** Where a command hands over what gateways send; `undefined` where there is no edge that is purged. */
export function openEdgeQueue(
  config: Config,
  store: ObjectStore,
  clock: Pick<Clock, 'now'>,
): EdgePurges | undefined {
  if (config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID === undefined) return undefined
  return createEdgePurges({ store, clock })
}

/** How long after a change somebody may still refill the edge with what was there before, in milliseconds. */
export function refillMs(config: Config): number {
  // A look-up that was under way when the change was made is believed from when it lands.
  const landedMs = Math.max(config.HALFTONE_JOURNAL_MAX_LAG_MS, config.HALFTONE_FETCH_TIMEOUT_MS)
  const heardMs = config.HALFTONE_LOOKUP_TTL_MS + landedMs
  return heardMs + config.HALFTONE_REQUEST_TIMEOUT_MS + config.HALFTONE_EDGE_COMPLETION_S * 1000
}

/** Where it names none, the SDK finds them, as it does for the bucket. */
function credentialsOf(config: Config) {
  const { HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: own, HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: ownSecret } = config
  if (own !== undefined && ownSecret !== undefined) return { accessKeyId: own, secretAccessKey: ownSecret }
  return undefined
}

/** Purges that people ask for, through the API or on the command line. */
export function createAskedPurges(config: Config, parts: Omit<AskedPurgesOptions, 'dialect'>): AskedPurges {
  // What a path is the picture of is told without its signature.
  const dialect = createNativeDialect({ presets: config.HALFTONE_PRESETS, signingKeys: [] })
  const mayBeSource = (url: URL) => isAllowedSource(url, config.HALFTONE_REMOTE_SOURCES)
  return new AskedPurges({ ...parts, dialect: { ...dialect, mayBeSource } })
}
