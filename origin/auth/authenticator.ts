import { LRUCache } from 'lru-cache'
import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error, type S3ErrorCode } from '../s3-error.ts'
import { type Claim, parseClaim } from './claim.ts'
import { parseFormClaim } from './form-claim.ts'
import {
  type CredentialScope,
  canonicalRequest,
  formatScope,
  isSameSignature,
  sign,
  signingKey,
  stringToSign,
} from './signature-v4.ts'

/** What a verified request leaves for its body: how the payload was signed, and what signs its chunks. */
export interface Identity {
  readonly accessKey: string
  readonly payloadHash: string
  readonly timestamp: string
  readonly scope: CredentialScope
  readonly signingKey: Buffer
  readonly signature: string
}

export interface AuthenticatorOptions {
  /** Secrets by access key. */
  readonly credentials: ReadonlyMap<string, string>
  readonly region: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const MAX_SKEW_MS = 15 * 60_000
const MAX_CACHED_KEYS = 64
/** At a few hundred bytes each. */
const MAX_KNOWN_URLS = 1000

/** A claim that has been proved. */
interface Verified extends Claim, Identity {
  /** Its timestamp, in milliseconds since 1970. */
  readonly signedAt: number
}

/**
 * Verifies signatures; keeps the signing keys of the day, since each costs four HMACs, and the presigned URLs that were
 * proved lately, since many may read by one: of those only the time is looked at again.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions
  readonly #keys = new Map<string, Buffer>()
  readonly #presigned = new LRUCache<string, Verified>({ max: MAX_KNOWN_URLS })

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** Who sent the request; throws S3's own refusal when that is not proved. */
  authenticate(request: S3Request): Identity {
    const name = presignedName(request)
    const known = name === undefined ? undefined : this.#presigned.get(name)
    if (known) {
      this.#checkTime(known, known.signedAt)
      return known
    }
    const verified = this.#verify(request)
    if (name !== undefined && isOnlyHost(verified)) this.#presigned.set(name, verified)
    return verified
  }

  #verify(request: S3Request): Verified {
    const claim = parseClaim(request)
    this.#checkRegion(
      claim,
      claim.expiresIn === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError',
    )
    const signedAt = parseSignedAt(claim)
    this.#checkTime(claim, signedAt)
    checkSignedHeaders(request, claim)
    const key = this.#signingKey(claim)
    const canonical = canonicalRequest(request, claim.signedHeaders, claim.payloadHash)
    const text = stringToSign(canonical, claim.timestamp, claim.scope)
    if (!isSameSignature(sign(key, text), claim.signature)) {
      throw mismatch(claim, { StringToSign: text, CanonicalRequest: canonical })
    }
    return Object.assign({ signedAt, signingKey: key }, claim)
  }

  /**
   * Throws S3's own refusal unless the policy of a form was signed by somebody who is known here. Its age is not
   * looked at: a policy says itself how long it holds.
   */
  authenticateForm(fields: ReadonlyMap<string, string>): void {
    const claim = parseFormClaim(fields)
    this.#checkRegion(claim, 'InvalidArgument')
    if (!isSameSignature(sign(this.#signingKey(claim), claim.policy), claim.signature)) {
      throw mismatch(claim, { StringToSign: claim.policy })
    }
  }

  #checkRegion({ scope }: Pick<Claim, 'scope'>, code: S3ErrorCode): void {
    const { region } = this.#options
    if (scope.region === region) return
    throw new S3Error(code, `The region '${scope.region}' is wrong; expecting '${region}'`, {
      Region: region,
    })
  }

  #checkTime(claim: Claim, signedAt: number): void {
    const age = this.#options.now() - signedAt
    if (claim.expiresIn === undefined) {
      if (Math.abs(age) <= MAX_SKEW_MS) return
      throw new S3Error(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        {
          RequestTime: claim.timestamp,
          ServerTime: new Date(this.#options.now()).toISOString(),
          MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
        },
      )
    }
    if (age < -MAX_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid')
    if (age > claim.expiresIn * 1000) throw new S3Error('AccessDenied', 'Request has expired')
  }

  #signingKey({ accessKey, scope }: Pick<Claim, 'accessKey' | 'scope'>): Buffer {
    const secret = this.#options.credentials.get(accessKey)
    if (secret === undefined) {
      throw new S3Error(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        { AWSAccessKeyId: accessKey },
      )
    }
    const name = `${accessKey}/${formatScope(scope)}`
    const cached = this.#keys.get(name)
    if (cached) return cached
    if (this.#keys.size >= MAX_CACHED_KEYS) this.#keys.clear()
    const key = signingKey(secret, scope)
    this.#keys.set(name, key)
    return key
  }
}

/** All that a presigned URL's signature can cover when it covers no header but `host`; `undefined` when there may be more. */
function presignedName({ method, target, query, sentHeaders }: S3Request): string | undefined {
  if (!query.has('X-Amz-Signature')) return undefined
  for (const name of sentHeaders.keys()) {
    if (name === 'authorization' || name.startsWith('x-amz-')) return undefined
  }
  return `${method} ${sentHeaders.get('host')} ${target}`
}

function isOnlyHost({ signedHeaders }: Claim): boolean {
  return signedHeaders.length === 1 && signedHeaders[0] === 'host'
}

/** What is not signed can be added on the way, so whatever has a meaning to S3 must be signed. */
function checkSignedHeaders(request: S3Request, claim: Claim): void {
  const { signedHeaders } = claim
  const unsigned: string[] = []
  for (const name of request.sentHeaders.keys()) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) unsigned.push(name)
  }
  if (!signedHeaders.includes('host')) unsigned.push('host')
  if (unsigned.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    })
  }
}

function parseSignedAt({ timestamp, scope }: Claim): number {
  const signedAt = parseTimestamp(timestamp)
  if (signedAt !== undefined && timestamp.startsWith(scope.day)) return signedAt
  throw new S3Error('AccessDenied', 'The date must be yyyymmddThhmmssZ, of the same day as the credential.')
}

function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}

function mismatch(
  { accessKey }: Pick<Claim, 'accessKey'>,
  details: Readonly<Record<string, string>>,
): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    { AWSAccessKeyId: accessKey, ...details },
  )
}
