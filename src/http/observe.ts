import type { MiddlewareHandler } from 'hono'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { GatewayError } from '../errors.ts'
import type { AppEnv } from './env.ts'

export interface ObserveOptions {
  readonly log: Logger
  readonly metrics: Metrics
  /** One memory hit in this many is logged; 0: none. Everything else always is. */
  readonly logHitsEvery: number
  /** The route that a path counts as in the metrics. */
  readonly routeOf: (path: string) => string
}

/** Gives every request an id, and leaves a line and a count behind for its answer. */
export function observe({ log, metrics, logHitsEvery, routeOf }: ObserveOptions): MiddlewareHandler<AppEnv> {
  const instance = Math.random().toString(36).slice(2, 8)
  let requests = 0
  let hits = 0

  return async function observe(c, next) {
    const startedAt = performance.now()
    requests += 1
    const id = `${instance}-${requests.toString(36)}`
    c.set('requestId', id)
    await next()

    const ms = performance.now() - startedAt
    const layer = c.get('layer') ?? 'none'
    const { status } = c.res
    const route = routeOf(c.req.path)
    metrics.requests.inc({ route, status, class: c.get('cacheClass') ?? 'none', layer })
    metrics.requestSeconds.observe({ route, layer }, ms / 1000)
    if (layer === 'memory' && status < 400) {
      hits += 1
      if (logHitsEvery === 0 || hits % logHitsEvery !== 1 % logHitsEvery) return
    }
    const err = unexpected(c.get('error'))
    log[err === undefined ? 'info' : 'error'](
      {
        id,
        method: c.req.method,
        // Without its query, where a token may stand.
        target: c.req.path,
        status,
        ms: Math.round(ms * 10) / 10,
        layer,
        class: c.get('cacheClass'),
        cdnId: c.req.header('x-amz-cf-id'),
        err,
      },
      'request',
    )
  }
}

/** What has to be looked into: our own faults and the bucket's. A client's mistakes are its own. */
function unexpected(error: unknown): unknown {
  return error instanceof GatewayError && error.status < 500 ? undefined : error
}
