import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a link says in its query. */
export interface AccessGrant {
  /** Unix seconds, as they stand in the link. */
  readonly expires: string
  /** The signature, base64url. */
  readonly access: string
}

/** The cookie that lets a browser read all pictures of an item or a user; browsers take it over TLS only. */
export const ACCESS_COOKIE = '__Secure-halftone-access'

/** Links that let whoever has them read one source, in every size, until they expire; and cookies for several. */
export interface AccessLinks {
  /** The grant to read the source at this canonical path; throws `RangeError` where no key is configured. */
  sign(sourcePath: string, expiresAt: Date): AccessGrant
  /** Whether a grant is one for this source. `expired` is genuine, but over. */
  check(grant: AccessGrant, sourcePath: string): 'valid' | 'expired' | 'forged'
  /** The grant to read every source of the item or the user at this path; it is no link. Throws as `sign` does. */
  signAll(ownerPath: string, expiresAt: Date): AccessGrant
  /** The same of such a grant. */
  checkAll(grant: AccessGrant, ownerPath: string): 'valid' | 'expired' | 'forged'
}

// What a signature is for: one of a source is none for all, whatever a source may be called.
const ONE = 'access'
const ALL = 'access all'

// One spelling for each number and each signature: the query stands in what caches are keyed by.
const EXPIRES = /^(?:0|[1-9]\d{0,11})$/
const SIGNATURE = /^[A-Za-z0-9_-]{43}$/

/** Access links by HMAC-SHA-256: the first key signs, all are accepted; with none every link is forged. */
export function createAccessLinks(keys: readonly string[], now: () => number = Date.now): AccessLinks {
  function sign(use: string, path: string, expiresAt: Date): AccessGrant {
    const [key] = keys
    if (key === undefined) throw new RangeError('No key for access links is configured')
    const expires = `${Math.floor(expiresAt.getTime() / 1000)}`
    return { expires, access: signatureOf({ use, path, expires }, key) }
  }

  function check(use: string, path: string, { expires, access }: AccessGrant) {
    const given = Buffer.from(access)
    const isGenuine = keys
      .map((key) => isEqual(given, Buffer.from(signatureOf({ use, path, expires }, key))))
      .includes(true)
    if (!isGenuine) return 'forged'
    return Number(expires) * 1000 > now() ? 'valid' : 'expired'
  }

  return {
    sign: (sourcePath, expiresAt) => sign(ONE, sourcePath, expiresAt),
    check: (grant, sourcePath) => check(ONE, sourcePath, grant),
    signAll: (ownerPath, expiresAt) => sign(ALL, ownerPath, expiresAt),
    checkAll: (grant, ownerPath) => check(ALL, ownerPath, grant),
  }
}

/** The grant in a query, without its question mark; `undefined` where there is none, or not exactly one. */
export function parseAccessGrant(query: string): AccessGrant | undefined {
  const parameters = new URLSearchParams(query)
  const [expires, ...furtherExpiries] = parameters.getAll('expires')
  const [access, ...furtherSignatures] = parameters.getAll('access')
  if (expires === undefined || access === undefined) return undefined
  if (furtherExpiries.length > 0 || furtherSignatures.length > 0) return undefined
  return EXPIRES.test(expires) && SIGNATURE.test(access) ? { expires, access } : undefined
}

/** A grant as the query of a URL, with its question mark. */
export function formatAccessGrant({ expires, access }: AccessGrant): string {
  return `?expires=${expires}&access=${access}`
}

/** The grant in the value of the cookie; `undefined` where there is none. */
export function parseAccessCookie(value: string | undefined): AccessGrant | undefined {
  const [expires = '', access = '', ...rest] = value?.split('.') ?? []
  return rest.length === 0 && EXPIRES.test(expires) && SIGNATURE.test(access)
    ? { expires, access }
    : undefined
}

/** A grant as the value of the cookie. */
export function formatAccessCookie({ expires, access }: AccessGrant): string {
  return `${expires}.${access}`
}

interface Signed {
  readonly use: string
  readonly path: string
  readonly expires: string
}

function signatureOf({ use, path, expires }: Signed, key: string): string {
  return createHmac('sha256', key).update(`${use}\n${path}\n${expires}`).digest('base64url')
}

function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
