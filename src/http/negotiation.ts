import { parseAccept } from 'hono/utils/accept'
import { LRUCache } from 'lru-cache'
import { type CacheClass, unkeyedClass } from '../cdn/cache-policy.ts'
import { EDGE_ACCEPT_HEADER, type EDGE_ACCEPT_VALUES } from '../cdn/distribution.ts'
import { isOriginSecret, ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'
import { type Acceptance, acceptanceOf } from '../transform/negotiation.ts'

/** What a request says about formats. */
export interface Wish {
  readonly acceptance: Acceptance
  /** Whether the edge keys its cache on what this was read from, so that it may keep the answer. */
  readonly keyed: boolean
}

/** The class of an answer to such a wish, and to none. */
export function sentClass(cacheClass: CacheClass, wish: Wish | undefined): CacheClass {
  return wish === undefined || wish.keyed ? cacheClass : unkeyedClass(cacheClass)
}

/** Reads the wish of a request. */
export type ReadWish = (headers: Headers) => Wish

const ANYTHING = [{ range: '*/*', weight: 1 }]

/** The wish of somebody who has not been asked. */
export const ANY_WISH: Wish = { acceptance: acceptanceOf(ANYTHING), keyed: false }

/** What the format of an order is chosen by. */
export const acceptanceIn = ({ wish, acceptance }: NegotiableOrder): Acceptance =>
  wish?.acceptance ?? acceptance ?? ANY_WISH.acceptance

interface NegotiableOrder {
  readonly wish: Wish | undefined
  readonly acceptance?: Acceptance | undefined
}

const EDGE_RANGES: Readonly<Record<(typeof EDGE_ACCEPT_VALUES)[number], readonly string[]>> = {
  // Whatever knows AVIF knows WebP.
  avif: ['image/avif', 'image/webp', '*/*'],
  webp: ['image/webp', '*/*'],
  jpeg: ['*/*'],
}

/** What the values of the edge's header stand for. */
const EDGE_WISHES: ReadonlyMap<string, Wish> = new Map(
  Object.entries(EDGE_RANGES).map(([value, ranges]) => {
    const acceptance = acceptanceOf(ranges.map((range) => ({ range, weight: 1 })))
    return [value, { acceptance, keyed: true }] as const
  }),
)

/** Browsers have a few dozen values between them; strangers may have as many as they like, but none too long. */
const MAX_KNOWN = 500
const MAX_KNOWN_LENGTH = 1024

/**
 * Reads what clients accept: from the edge's header where the request proves that it comes through our distribution,
 * else from `Accept`.
 */
export function createReadWish(originSecrets: readonly string[]): ReadWish {
  const known = new LRUCache<string, Wish>({ max: MAX_KNOWN })

  return function readWish(headers) {
    const byEdge = EDGE_WISHES.get(headers.get(EDGE_ACCEPT_HEADER) ?? '')
    if (byEdge !== undefined && isOriginSecret(headers.get(ORIGIN_SECRET_HEADER), originSecrets))
      return byEdge
    const accept = headers.get('accept') ?? ''
    const before = known.get(accept)
    if (before !== undefined) return before
    const wish = { acceptance: acceptanceOf(parseRanges(accept)), keyed: false }
    if (accept.length <= MAX_KNOWN_LENGTH) known.set(accept, wish)
    return wish
  }
}

const MEDIA_RANGE = /^[^\s/]+\/[^\s/]+$/

/**
 * The media ranges of an `Accept` header. One with parameters is left out, as it means something narrower than what we
 * make; a header without any that can be read stands for no header, which is `*\/*` (RFC 9110 §12.5.1).
 */
function parseRanges(accept: string) {
  const ranges = parseAccept(accept)
    .filter(({ type }) => MEDIA_RANGE.test(type))
    .map(({ type, params, q }) => ({ range: type.toLowerCase(), params, weight: q }))
  if (ranges.length === 0) return ANYTHING
  return ranges.filter(({ params }) => Object.keys(params).every((name) => name.toLowerCase() === 'q'))
}
