import type { Context } from 'hono'
import { cacheControl } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER } from '../cdn/cache-tags.ts'
import { type Coding, codedEtag, gzipped } from '../coding/coding.ts'
import { GatewayError } from '../errors.ts'
import type { Answer, Headline, StandIn } from '../variants/answer.ts'
import type { Layer, RenderTimings } from '../variants/variant.ts'
import { isRangeApplicable, parseRange } from './conditional.ts'
import type { AppEnv } from './env.ts'
import { sentClass, type Wish } from './negotiation.ts'

/** What an answer says beside its picture. */
export interface Framing {
  /** Where exactly this picture is for good, when it was asked for by another path. */
  readonly contentLocation: string | undefined
  /** What its format was negotiated by, where it was. */
  readonly wish: Wish | undefined
  /** What its dialect says beside that, or instead. */
  readonly extra?: Readonly<Record<string, string>> | undefined
}

/** The coding of what can be had in several: of drawings. Pictures are compressed as they are. */
interface Coded {
  readonly coding?: Coding | undefined
}

/** Headers that do not depend on the picture. Nothing of an image may run, frame or be sniffed; any site may show it. */
const FIXED_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'content-security-policy': "default-src 'none'; sandbox",
} as const

/** A drawing by itself in a window has its styles, and the pictures and fonts that are inside of it. */
export const DRAWING_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"

/** How `Cache-Status` (RFC 9211) tells where an answer came from. */
const CACHE_STATUS: Record<Layer, string> = {
  memory: 'memory; hit',
  bucket: 'memory; fwd=miss, bucket; hit',
  render: 'memory; fwd=miss, bucket; fwd=miss',
  collapsed: 'memory; fwd=miss; collapsed',
}

/** How it tells that another picture was sent for now (§2.8). */
const DETAIL: Record<StandIn, string> = {
  larger: '; detail=stand-in',
  fast: '; detail=fast',
}

/** What is said of a drawing in the coding that a client takes; of anything else, which has none, the same. */
export function codedHeadline(headline: Headline, coding: Coding | undefined): Headline & Coded {
  return coding === undefined ? headline : { ...headline, coding, etag: codedEtag(headline.etag, coding) }
}

/** The same of an answer, with its bytes. */
export async function codedAnswer(answer: Answer, coding: Coding | undefined): Promise<Answer & Coded> {
  if (coding === undefined) return answer
  const { variant } = answer
  const bytes = coding === 'gzip' ? await gzipped(variant.bytes) : variant.bytes
  return { ...answer, ...codedHeadline(answer, coding), variant: { ...variant, bytes } }
}

/** The whole picture, or the one range that was asked for. */
export function pictureAnswer(c: Context<AppEnv>, answer: Answer & Coded, framing: Framing): Response {
  c.set('layer', answer.layer)
  c.set('cacheClass', sentClass(answer.cacheClass, framing.wish))
  const { bytes } = answer.variant
  const headers = pictureHeaders(answer, framing)
  // Ranges are defined for GET (RFC 9110 §14.2).
  const rangeHeader = c.req.method === 'GET' ? c.req.header('range') : undefined
  if (rangeHeader === undefined || !isRangeApplicable(c.req.header('if-range'), answer)) {
    return whole(bytes, headers)
  }
  const range = parseRange(rangeHeader, bytes.length)
  if (range === undefined) return whole(bytes, headers)
  if (range === 'unsatisfiable') {
    c.header('content-range', `bytes */${bytes.length}`)
    throw new GatewayError('range_not_satisfiable', `The picture has ${bytes.length} bytes`)
  }
  headers['content-range'] = `bytes ${range.start}-${range.end}/${bytes.length}`
  headers['content-length'] = `${range.end - range.start + 1}`
  return new Response(bytes.subarray(range.start, range.end + 1), { status: 206, headers })
}

/** The client's copy is right: the headers of the 200 (RFC 9110 §15.4.5), no body, and no word about its length. */
export function notModifiedAnswer(
  c: Context<AppEnv>,
  headline: Headline & Coded,
  framing: Framing,
): Response {
  c.set('cacheClass', sentClass(headline.cacheClass, framing.wish))
  return new Response(null, { status: 304, headers: headlineHeaders(headline, framing) })
}

/** The headers of an answer that is the whole picture. */
export function pictureHeaders(answer: Answer & Coded, framing: Framing): Record<string, string> {
  const { bytes, contentType } = answer.variant
  return {
    'content-type': contentType,
    'content-length': `${bytes.length}`,
    ...(answer.coding === 'gzip' && { 'content-encoding': answer.coding }),
    'accept-ranges': 'bytes',
    ...headlineHeaders(answer, framing),
    'cache-status': `${CACHE_STATUS[answer.layer]}${answer.standIn ? DETAIL[answer.standIn] : ''}`,
    ...(answer.timings && { 'server-timing': serverTiming(answer.timings) }),
  }
}

/** The headers that a 304 has too. */
export function headlineHeaders(
  headline: Headline & Coded,
  { contentLocation, wish, extra }: Framing,
): Record<string, string> {
  return {
    etag: headline.etag,
    'last-modified': headline.lastModified.toUTCString(),
    'cache-control': cacheControl({ ...headline, cacheClass: sentClass(headline.cacheClass, wish) }),
    ...varying(wish, headline.coding),
    ...(headline.tags !== '' && { [CACHE_TAG_HEADER]: headline.tags }),
    // Scripts of other sites may read what everybody may have, and nothing else.
    ...(headline.cacheClass !== 'D' && { 'access-control-allow-origin': '*' }),
    ...(contentLocation !== undefined && { 'content-location': contentLocation }),
    ...FIXED_HEADERS,
    ...(wish !== undefined && { vary: 'Accept' }),
    ...extra,
    ...(headline.coding !== undefined && drawingHeaders(wish, extra)),
  }
}

function varying(wish: Wish | undefined, coding: Coding | undefined): { vary?: string } {
  const headers = [...(wish ? ['Accept'] : []), ...(coding ? ['Accept-Encoding'] : [])]
  return headers.length === 0 ? {} : { vary: headers.join(', ') }
}

function drawingHeaders(wish: Wish | undefined, extra: Framing['extra']): Record<string, string> {
  const vary = extra?.['vary'] ?? (wish && 'Accept')
  return {
    vary: vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`,
    'content-security-policy': DRAWING_POLICY,
  }
}

function serverTiming({ fetchMs, queueMs, decodeMs, encodeMs }: RenderTimings): string {
  const steps = { fetch: fetchMs, queue: queueMs, decode: decodeMs, encode: encodeMs }
  return Object.entries(steps)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`)
    .join(', ')
}

function whole(bytes: Buffer<ArrayBuffer>, headers: Record<string, string>): Response {
  return new Response(bytes, { status: 200, headers })
}
