import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { LimitName, Limits } from '../limits/limits.ts'
import { spend } from '../limits/spend.ts'
import type { ApiEnv, ApiOptions } from './env.ts'

const MAX_JSON_BYTES = 64 * 1024
const PREFLIGHT_S = 600

/** Answers of the API are nobody's to keep, unless a route says otherwise. */
export const privateAnswers: MiddlewareHandler<ApiEnv> = async function privateAnswers(c, next) {
  c.set('restricted', true)
  c.set('cacheClass', 'P')
  await next()
  if (!c.res.headers.has('cache-control')) c.header('cache-control', CACHE_CONTROL.P)
  c.header('x-content-type-options', 'nosniff')
  c.header('x-request-id', c.get('requestId'))
}

/** Lets pages of these origins use the API, and nobody else's. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler<ApiEnv> {
  const shared = cors({
    origin: origins.includes('*') ? '*' : [...origins],
    // So that browsers take the cookies of these pages; the API itself reads none.
    credentials: !origins.includes('*'),
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match', 'range'],
    exposeHeaders: [
      'content-disposition',
      'content-range',
      'etag',
      'location',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'x-request-id',
    ],
    maxAge: PREFLIGHT_S,
  })
  return async function allowOrigins(c, next) {
    const isPreflight = c.req.header('access-control-request-method') !== undefined
    return c.req.method === 'OPTIONS' && !isPreflight ? next() : shared(c, next)
  }
}

/** Says who asks, and from where. */
export function identify(
  options: Pick<ApiOptions, 'identity' | 'readClientAddress'>,
): MiddlewareHandler<ApiEnv> {
  const { identity, readClientAddress } = options
  return async function identify(c, next) {
    const address = readClientAddress(c.req.raw.headers, c.env?.incoming?.socket?.remoteAddress)
    if (address !== undefined) c.set('address', address)
    const principal = await identity.authenticate(c.req.header('authorization'))
    if (principal !== undefined) c.set('principal', principal)
    await next()
  }
}

/** Reads a JSON body, which may be neither long nor slow; forms and requests without a body pass. */
export function readJson(timeoutMs: number): MiddlewareHandler<ApiEnv> {
  const limit = bodyLimit({
    maxSize: MAX_JSON_BYTES,
    onError: () => {
      throw new GatewayError('body_too_large', `A JSON body may have ${MAX_JSON_BYTES} bytes`)
    },
  })
  return async function readJson(c, next) {
    if (c.req.raw.body === null || c.req.header('content-type')?.startsWith('multipart/')) return next()
    return limit(c, async () => {
      await withinTime(c.req.text(), timeoutMs)
      await next()
    })
  }
}

async function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new GatewayError('request_timed_out', `The body took longer than ${timeoutMs} ms`)
    timer = setTimeout(() => reject(error), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Refuses who asks too often. */
export function limited(limits: Limits, name: LimitName): MiddlewareHandler<ApiEnv> {
  return async function limited(c, next) {
    const principal = c.get('principal')
    await spend(limits, name, {
      // A user may be called what a server is called.
      principal: principal && `${principal.kind}:${principal.id}`,
      address: c.get('address'),
      setHeader: (name, value) => c.header(name, value),
    })
    await next()
  }
}
