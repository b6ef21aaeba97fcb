import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { S3Request } from '../protocol/s3-request.ts'

/** What one signature covers beside the request itself. */
export interface CredentialScope {
  /** `yyyymmdd` */
  readonly day: string
  readonly region: string
}

/** SHA-256 of nothing, in hex. */
export const EMPTY_SHA256 = hash('sha256', '')

/** The canonical form of a request: the raw path as it came, the query sorted, the signed headers joined. */
export function canonicalRequest(
  request: S3Request,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const headers = signedHeaders.map((name) => `${name}:${collapse(request.sentHeaders.get(name) ?? '')}\n`)
  return [
    request.method,
    request.rawPath,
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** The text that a request's signature is made of. */
export function stringToSign(canonical: string, timestamp: string, scope: CredentialScope): string {
  // Header values are kept as the bytes that came (latin1), and those are what the client hashed.
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'))
  return ['AWS4-HMAC-SHA256', timestamp, formatScope(scope), digest].join('\n')
}

/** The scope as it stands in credentials and in strings to sign. */
export function formatScope(scope: CredentialScope): string {
  return `${scope.day}/${scope.region}/s3/aws4_request`
}

/** The key that signs for one day and region. */
export function signingKey(secret: string, scope: CredentialScope): Buffer {
  const parts = [scope.day, scope.region, 's3', 'aws4_request']
  return parts.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
}

/** The signature of a text, in hex. */
export function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text, 'latin1').digest('hex')
}

/** Compares two signatures in constant time. */
export function isSameSignature(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}

function canonicalQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function encode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function collapse(value: string): string {
  if (!/^[ \t]|[ \t]$|[ \t]{2}|\t/.test(value)) return value
  // Not `trim`: that takes 0xA0 for a blank, which in a header is the end of a UTF-8 character.
  return value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '')
}
