import type { MiddlewareHandler } from 'hono'
import type { CacheClass } from '../cdn/cache-policy.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { isOriginSecret, ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'
import type { ReadClientAddress } from '../limits/client-address.ts'
import { GatewayError } from '../errors.ts'
import type { Layer } from '../variants/variant.ts'
import type { AppEnv } from './env.ts'

export interface RecorderOptions {
  readonly log: Logger
  readonly metrics: Metrics
  /** One memory hit in this many is logged; 0: none. Everything else always is. */
  readonly logHitsEvery: number
  /** The route that a path counts as in the metrics. */
  readonly routeOf: (path: string) => string
  /** The client's address; without it the other end of the socket. */
  readonly readClientAddress?: ReadClientAddress | undefined
  /** What the distribution proves itself by: of others what they say of the edge is not written down. */
  readonly originSecrets?: readonly string[] | undefined
}

/** Where a request came from. */
export interface Sender {
  readonly headers: Headers
  /** Asked for its address only where that is written down. */
  readonly socket: { readonly remoteAddress?: string | undefined } | undefined
}

/** What is known of a request once it has been answered. */
export interface Answered {
  readonly id: string
  readonly method: string
  /** The target without its query, where a token may stand. */
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly layer: Layer | undefined
  readonly cacheClass: CacheClass | undefined
  readonly sender: Sender
  readonly error?: unknown
}

/** Leaves a line and a count behind for every answer. */
export interface Recorder {
  /** An id that no other request of this process has. */
  nextId(): string
  record(answered: Answered): void
}

/** Records into the log and the metrics. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { log, metrics, logHitsEvery, routeOf } = options
  const instance = Math.random().toString(36).slice(2, 8)
  let requests = 0
  let hits = 0
  return {
    nextId() {
      requests += 1
      return `${instance}-${requests.toString(36)}`
    },
    record({ id, method, path, status, ms, layer = 'none', cacheClass, sender, error }) {
      const route = routeOf(path)
      metrics.requests.add({ route, status, class: cacheClass ?? 'none', layer })
      metrics.requestSeconds.observe({ route, layer }, ms / 1000)
      if (layer === 'memory' && status < 400) {
        hits += 1
        if (logHitsEvery === 0 || hits % logHitsEvery !== 1 % logHitsEvery) return
      }
      const err = unexpected(error)
      const isRefusal = error instanceof GatewayError && error.code === 'overloaded'
      const level = err === undefined ? (isRefusal ? 'warn' : 'info') : 'error'
      const rounded = Math.round(ms * 10) / 10
      const from = describe(options, sender)
      const line = { id, method, target: path, status, ms: rounded, layer, class: cacheClass, ...from, err }
      log[level](line, 'request')
    },
  }
}

/** Gives every request an id, and records its answer. */
export function observe(recorder: Recorder): MiddlewareHandler<AppEnv> {
  return async function observe(c, next) {
    const startedAt = performance.now()
    const id = recorder.nextId()
    c.set('requestId', id)
    await next()
    recorder.record({
      id,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: performance.now() - startedAt,
      layer: c.get('layer'),
      cacheClass: c.get('cacheClass'),
      sender: { headers: c.req.raw.headers, socket: c.env?.incoming?.socket },
      error: c.get('error'),
    })
  }
}

/**
 * What has to be looked into: our own faults and the bucket's. A client's mistakes are its own, and where a refusal for
 * want of room was made says nothing, however often it is written down.
 */
function unexpected(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  return error.status < 500 || error.code === 'overloaded' ? undefined : error
}

/** The client and, of what came through our distribution, what the edge says of itself and of them. */
function describe(
  { readClientAddress = (_, address) => address, originSecrets = [] }: Partial<RecorderOptions>,
  { headers, socket }: Sender,
) {
  const client = readClientAddress(headers, socket?.remoteAddress)
  const cdnId = headers.get('x-amz-cf-id') ?? undefined
  if (!isOriginSecret(headers.get(ORIGIN_SECRET_HEADER), originSecrets)) return { client, cdnId }
  const edge = headers.get('x-amz-cf-pop') ?? undefined
  const country = headers.get('cloudfront-viewer-country') ?? undefined
  return { client, cdnId, edge, country }
}
