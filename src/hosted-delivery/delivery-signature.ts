import { createHmac } from 'node:crypto'
import { isEqual } from '../urls/signature.ts'
import { DELIVERY_PREFIX } from './delivery-target.ts'

/** What the query of a delivery URL proves. A `valid` one that names no end is for good. */
export type DeliveryPermission =
  | { readonly verdict: 'valid'; readonly expiresAt?: Date }
  | { readonly verdict: 'expired' | 'forged' | 'missing' }

// One spelling for each number, and room for no more than dates have.
const EXPIRES = /^(?:0|[1-9]\d{0,11})$/

export interface SignedUrl {
  /** `/<account hash>/<id>/<variant>` as it stands in the URL. */
  readonly path: string
  /** The query of the URL, without its question mark. */
  readonly query: string
}

/**
 * Checks the `sig` of a delivery URL, as long for a wrong one as for a right one: it is the HMAC-SHA-256, by one of the
 * keys, of the path and of all that the query says beside it, in its order; so none for a path alone opens one with an
 * `exp`. An end that has passed is `expired`, of a genuine signature only.
 */
export function checkDelivery(
  { path, query }: SignedUrl,
  keys: readonly string[],
  now: () => number = Date.now,
): DeliveryPermission {
  const parts = query.split('&')
  const signatures = parts.filter((part) => nameOf(part) === 'sig')
  if (signatures.length === 0) return { verdict: 'missing' }
  const [signature = '', ...further] = signatures.map(valueOf)
  const rest = parts.filter((part) => nameOf(part) !== 'sig')
  const text = textOf(path, rest.join('&'))
  const given = Buffer.from(signature)
  const isGenuine = keys.map((key) => isEqual(given, Buffer.from(signatureOf(text, key)))).includes(true)
  if (!isGenuine || further.length > 0) return { verdict: 'forged' }
  const [end, ...furtherEnds] = rest.filter((part) => nameOf(part) === 'exp').map(valueOf)
  if (end === undefined) return { verdict: 'valid' }
  if (!EXPIRES.test(end) || furtherEnds.length > 0) return { verdict: 'forged' }
  const expiresAt = new Date(Number(end) * 1000)
  return expiresAt.getTime() < now() ? { verdict: 'expired' } : { verdict: 'valid', expiresAt }
}

/**
 * The URL, absolute or a path, with the signature that a private image asks for, which ends with `exp` where it is given.
 * Throws a `RangeError` for one that has it already.
 */
export function signDeliveryUrl(url: string, key: string, { exp }: { readonly exp?: Date } = {}): string {
  const parsed = new URL(url, 'http://relative')
  if (['sig', 'exp'].some((name) => parsed.searchParams.has(name))) {
    throw new RangeError(`url: must have neither exp nor sig, not ${url}`)
  }
  const { pathname } = parsed
  const path = pathname.startsWith(`${DELIVERY_PREFIX}/`) ? pathname.slice(DELIVERY_PREFIX.length) : pathname
  const ends = exp === undefined ? [] : [`exp=${Math.floor(exp.getTime() / 1000)}`]
  const query = [parsed.search.slice(1), ...ends].filter((part) => part !== '').join('&')
  const signature = signatureOf(textOf(path, query), key)
  const origin = URL.canParse(url) ? parsed.origin : ''
  return `${origin}${textOf(pathname, [query, `sig=${signature}`].filter((part) => part !== '').join('&'))}`
}

function textOf(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}

function signatureOf(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

const nameOf = (part: string): string => part.split('=', 1)[0] ?? ''
const valueOf = (part: string): string => part.slice(nameOf(part).length + 1)
