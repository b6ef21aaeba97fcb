import { gzipSync } from 'node:zlib'
import type { EdgeAnswer, EdgeBehavior, EdgeRequest } from './edge.ts'
import type { Upstream } from './visit.ts'

/** Of the types that the edge compresses those that are here; pictures made of pixels are none. */
const COMPRESSED = /^(?:image\/svg\+xml|text\/|application\/(?:json|javascript)(?:;|$))/
const [LEAST_BYTES, MOST_BYTES] = [1_000, 10_000_000]

/** The request with one of two values in the place of the many of `Accept-Encoding`, where it is in the key. */
export function withCoding(request: EdgeRequest, { gzip = false }: EdgeBehavior): EdgeRequest {
  if (!gzip) return request
  const { 'accept-encoding': accepted = '', ...headers } = request.headers
  const takesGzip = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0+)?\s*(?:,|$))|,|$)/i.test(accepted)
  return { ...request, headers: takesGzip ? { ...headers, 'accept-encoding': 'gzip' } : headers }
}

/** Asks, and packs what comes for whoever takes it. */
export function compressing(ask: Upstream): Upstream {
  return async (visit, copy) => {
    const reply = await ask(visit, copy)
    const { behavior, request } = visit
    const isMeant = behavior.gzip === true && request.headers['accept-encoding'] === 'gzip'
    return isMeant && isCompressible(reply.answer) ? { ...reply, answer: packed(reply.answer) } : reply
  }
}

function isCompressible({ status, headers, body, complete = true }: EdgeAnswer): boolean {
  if (status !== 200 || !complete || headers['content-encoding'] !== undefined) return false
  if (body.length < LEAST_BYTES || body.length > MOST_BYTES) return false
  return COMPRESSED.test(headers['content-type'] ?? '') && headers['content-length'] !== undefined
}

function packed(answer: EdgeAnswer): EdgeAnswer {
  const { 'content-length': _, etag, vary, ...headers } = answer.headers
  return {
    ...answer,
    headers: {
      ...headers,
      ...(etag === undefined ? {} : { etag: etag.startsWith('W/') ? etag : `W/${etag}` }),
      vary: vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`,
      'content-encoding': 'gzip',
    },
    body: gzipSync(answer.body),
  }
}
