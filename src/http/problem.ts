import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { CACHE_CONTROL, type CacheClass } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER } from '../cdn/cache-tags.ts'
import { type ErrorCode, GatewayError } from '../errors.ts'
import type { AppEnv } from './env.ts'
import { sentClass } from './negotiation.ts'

/** Seconds after which trying again makes sense, for the failures where it does. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  overloaded: 1,
  draining: 1,
  source_changing: 1,
  bucket_unreachable: 1,
  scanner_unavailable: 10,
}

const INVALID_TOKEN = 'Bearer error="invalid_token"'

/** A failure as a client sees it, and the headers of its answer in whichever words. */
export interface Failure {
  readonly problem: GatewayError
  readonly headers: Headers
}

/** Tells log and metrics of a failure. What nobody expected is a plain `internal`; its cause is never for the client. */
export function takeFailure(error: unknown, c: Context<AppEnv>): Failure {
  const problem = asGatewayError(error)
  const wish = c.get('wish')
  const isRestricted = c.get('restricted') === true
  const cacheClass = isRestricted ? 'D4' : sentClass(problem.cacheClass, wish)
  // The log takes it for the client's mistake too.
  c.set('error', problem.status < 500 ? problem : error)
  c.set('cacheClass', cacheClass)
  const retryAfter = RETRY_AFTER[problem.code]
  const tags = c.get('tags')
  const headers = new Headers(c.res.headers)
  headers.set('cache-control', CACHE_CONTROL[cacheClass])
  headers.set('x-content-type-options', 'nosniff')
  if (!isRestricted) headers.set('access-control-allow-origin', '*')
  headers.set('x-request-id', c.get('requestId'))
  if (wish !== undefined) headers.set('vary', 'Accept')
  if (retryAfter !== undefined) headers.set('retry-after', `${retryAfter}`)
  // An upload or a replacement clears what was remembered about its absence or its predecessor.
  if (tags !== undefined && isKept(cacheClass)) headers.set(CACHE_TAG_HEADER, tags)
  return { problem, headers }
}

/** Translates errors to `application/problem+json` (RFC 9457) with a stable `code`, cached by the class of the error. */
export function problemAnswer(error: unknown, c: Context<AppEnv>): Response {
  const { problem, headers } = takeFailure(error, c)
  const { code, status, message } = problem
  headers.set('content-type', 'application/problem+json')
  // RFC 9110 §11.6.1, RFC 6750 §3.
  if (status === 401) headers.set('www-authenticate', code === 'token_invalid' ? INVALID_TOKEN : 'Bearer')
  const body = {
    type: 'about:blank',
    title: code,
    status,
    detail: message,
    code,
    requestId: c.get('requestId'),
  }
  return new Response(JSON.stringify(body), { status, headers })
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  // The router's own words about a body.
  if (error instanceof HTTPException && error.status < 500) {
    const code = error.status === 415 ? 'unsupported_media_type' : 'invalid_request'
    return new GatewayError(code, error.message, { cause: error })
  }
  return new GatewayError('internal', 'Something went wrong on our side', { cause: error })
}

function isKept(cacheClass: CacheClass): boolean {
  return !CACHE_CONTROL[cacheClass].includes('no-store')
}
