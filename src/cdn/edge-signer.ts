import { isIPv4 } from 'node:net'
import { getSignedCookies } from '@aws-sdk/cloudfront-signer'

/** A key of ours that the distribution trusts. */
export interface EdgeKey {
  /** The id that CloudFront gave the public key. */
  readonly keyPairId: string
  /** PEM: RSA of 2048 bits, or ECDSA on P-256. */
  readonly privateKey: string
  readonly hash: 'sha1' | 'sha256'
}

/** When, and from where, a permission holds. */
export interface EdgeTerms {
  /** Whole seconds count. */
  readonly expiresAt: Date
  readonly startsAt?: Date | undefined
  /** An IPv4 address or a network such as `192.0.2.0/24`; the edge knows no other. */
  readonly network?: string | undefined
}

/** Signs what the edge lets through; the gateway behind it decides by itself. Terms that cannot hold are a `RangeError`. */
export interface EdgeSigner {
  /** The URL with a permission for it alone: canned where an end is all that is said, else custom. */
  signUrl(url: string, terms: EdgeTerms): string
  /** A permission for all URLs that begin so, as parameters for the query of each. */
  signBelow(prefix: string, terms: EdgeTerms): string
  /** The same as cookies, by their names. */
  signCookies(prefix: string, terms: EdgeTerms): Readonly<Record<string, string>>
}

/** What the edge reads a permission from: names in the query, and the same in cookies. */
const PARAMETERS = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'] as const
const COOKIE_PREFIX = 'CloudFront-'

/** Signs for CloudFront with a key of one of the distribution's key groups. */
export function createEdgeSigner({ keyPairId, privateKey, hash }: EdgeKey): EdgeSigner {
  const key = { keyPairId, privateKey, algorithm: hash === 'sha256' ? 'SHA256' : 'SHA1' } as const

  // Cookies are made for URLs too: for URLs the library spells the path anew, and `@` is not `%40` here.
  const custom = (resource: string, terms: EdgeTerms) =>
    namesToValues(getSignedCookies({ ...key, policy: policyOf(resource, terms) }))
  const canned = (url: string, { expiresAt }: EdgeTerms) =>
    namesToValues(getSignedCookies({ ...key, url, dateLessThan: new Date(secondsOf(expiresAt) * 1000) }))

  return {
    signUrl(url, terms) {
      checkUrl(url)
      checkTerms(terms)
      const isCanned = terms.startsAt === undefined && terms.network === undefined
      return `${url}${url.includes('?') ? '&' : '?'}${asQuery((isCanned ? canned : custom)(url, terms))}`
    },
    signBelow(prefix, terms) {
      return asQuery(custom(allBelow(prefix), checkTerms(terms)))
    },
    signCookies(prefix, terms) {
      return custom(allBelow(prefix), checkTerms(terms))
    },
  }
}

/** The text that is signed: no spaces, and in this order. */
function policyOf(resource: string, { expiresAt, startsAt, network }: EdgeTerms): string {
  const condition = {
    DateLessThan: epoch(expiresAt),
    ...(startsAt && { DateGreaterThan: epoch(startsAt) }),
    ...(network !== undefined && {
      IpAddress: { 'AWS:SourceIp': network.includes('/') ? network : `${network}/32` },
    }),
  }
  return JSON.stringify({ Statement: [{ Resource: resource, Condition: condition }] })
}

function namesToValues(cookies: object): Record<string, string> {
  return Object.fromEntries(Object.entries(cookies).map(([name, value]) => [name, String(value)]))
}

function asQuery(cookies: Readonly<Record<string, string>>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name.slice(COOKIE_PREFIX.length)}=${value}`)
    .join('&')
}

/** In a policy `*` and `?` stand for anything: in front of our own `*` none is meant. */
function allBelow(prefix: string): string {
  if (/[*?]/.test(prefix)) throw new RangeError(`No wildcards in front of the last: ${prefix}`)
  return `${prefix}*`
}

function checkUrl(url: string): void {
  const [path = '', query = ''] = url.split('?')
  const taken = PARAMETERS.find((name) => new URLSearchParams(query).has(name))
  if (taken !== undefined) throw new RangeError(`The query of a URL to be signed may not have ${taken}`)
  if (path.includes('*')) throw new RangeError(`A URL to be signed has no wildcard: ${url}`)
}

function checkTerms(terms: EdgeTerms): EdgeTerms {
  const { expiresAt, startsAt, network } = terms
  if (!(secondsOf(expiresAt) > 0)) throw new RangeError('A permission ends at some time')
  if (startsAt && !(secondsOf(startsAt) < secondsOf(expiresAt)))
    throw new RangeError('A permission begins before it ends')
  if (network !== undefined && !isNetwork(network))
    throw new RangeError(`Accepted are IPv4 addresses and networks, not ${network}`)
  return terms
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const isLength = bits === undefined || (/^(?:0|[1-9]\d?)$/.test(bits) && Number(bits) <= 32)
  return isIPv4(address) && isLength && rest.length === 0
}

const epoch = (date: Date) => ({ 'AWS:EpochTime': secondsOf(date) })

const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1000)
