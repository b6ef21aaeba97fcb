import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error, type S3ErrorCode } from '../s3-error.ts'
import type { CredentialScope } from './signature-v4.ts'

/** Who a request says it is from, and the signature that is to prove it. Nothing of it is verified yet. */
export interface Claim {
  readonly accessKey: string
  readonly scope: CredentialScope
  /** `yyyymmddThhmmssZ` */
  readonly timestamp: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly payloadHash: string
  /** For presigned URLs only: seconds from `timestamp` on. */
  readonly expiresIn?: number
}

/** The one algorithm of signatures that this server knows. */
export const ALGORITHM = 'AWS4-HMAC-SHA256'
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600

/** The parameters of a presigned URL that are not headers' stand-ins. */
export const PRESIGNED_PARAMETERS: readonly string[] = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
]

/** With any of these a request says who it is from. */
const CLAIMING_PARAMETERS: readonly string[] = [...PRESIGNED_PARAMETERS, 'AWSAccessKeyId']

/** Whether a request carries nothing by which it says who sent it. */
export function isAnonymous({ headers, query }: S3Request): boolean {
  return (
    !headers.has('authorization') &&
    !headers.has('x-amz-security-token') &&
    (query.size === 0 || !CLAIMING_PARAMETERS.some((name) => query.has(name)))
  )
}

/** Reads the claim from the `Authorization` header or the query; throws when there is none, or not exactly one. */
export function parseClaim(request: S3Request): Claim {
  const header = request.sentHeaders.get('authorization')
  const presigned = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature')
  if (header !== undefined && presigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed', { ArgumentName: 'Authorization' })
  }
  if (request.headers.has('x-amz-security-token') || request.query.has('X-Amz-Security-Token')) {
    throw invalidToken()
  }
  if (header !== undefined) return fromHeader(header, request)
  if (presigned) return fromQuery(request)
  if (request.query.has('AWSAccessKeyId')) throw oldSignature()
  throw new S3Error('AccessDenied', 'Anonymous access is not allowed.')
}

function fromHeader(header: string, request: S3Request): Claim {
  if (header.startsWith('AWS ')) throw oldSignature()
  const space = header.indexOf(' ')
  const fields = new Map(
    header
      .slice(space + 1)
      .split(',')
      .map((field): [string, string] => {
        const equals = field.indexOf('=')
        return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()]
      }),
  )
  if (space === -1 || header.slice(0, space) !== ALGORITHM)
    throw malformed('The algorithm must be AWS4-HMAC-SHA256.')
  const payloadHash = request.sentHeaders.get('x-amz-content-sha256')
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  // No spread, here and in what else every request goes through: it takes V8 a hundred times as long.
  const { accessKey, scope } = parseCredential(fields.get('Credential'), 'AuthorizationHeaderMalformed')
  return {
    accessKey,
    scope,
    timestamp: timestampHeader(request),
    signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    payloadHash,
  }
}

function fromQuery(request: S3Request): Claim {
  const { query } = request
  if (query.get('X-Amz-Algorithm') !== ALGORITHM)
    throw badQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".')
  const missing = [
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].filter((name) => !query.has(name))
  if (missing.length > 0) throw badQuery(`Query-string authentication requires ${missing.join(', ')}.`)
  const expiresIn = Number(/^\d{1,9}$/.exec(query.get('X-Amz-Expires') ?? '')?.[0] ?? Number.NaN)
  if (!(expiresIn >= 1)) throw badQuery('X-Amz-Expires must be a positive number of seconds.')
  if (expiresIn > MAX_EXPIRES_SECONDS) throw badQuery('X-Amz-Expires must be less than a week (in seconds).')
  const { accessKey, scope } = parseCredential(
    query.get('X-Amz-Credential'),
    'AuthorizationQueryParametersError',
  )
  return {
    accessKey,
    scope,
    timestamp: query.get('X-Amz-Date') ?? '',
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    payloadHash:
      query.get('X-Amz-Content-Sha256') ?? request.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    expiresIn,
  }
}

/** Reads `<access key>/<yyyymmdd>/<region>/s3/aws4_request`; throws `code` when it is not that. */
export function parseCredential(
  text: string | undefined,
  code: S3ErrorCode,
): Pick<Claim, 'accessKey' | 'scope'> {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(text ?? '')
  const [, accessKey = '', day = '', region = '', service, terminator] = match ?? []
  if (match === null || service !== 's3' || terminator !== 'aws4_request') {
    throw new S3Error(code, 'The credential must be <access key>/<yyyymmdd>/<region>/s3/aws4_request.')
  }
  return { accessKey, scope: { day, region } }
}

function timestampHeader(request: S3Request): string {
  const timestamp = request.sentHeaders.get('x-amz-date')
  if (timestamp !== undefined) return timestamp
  throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header')
}

/** The refusal of session tokens. */
export function invalidToken(): S3Error {
  return new S3Error('InvalidToken', 'This server issues no session tokens, so none can be valid.')
}

/** The refusal of Signature Version 2. */
export function oldSignature(): S3Error {
  return new S3Error(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  )
}

function malformed(message: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${message}`)
}

function badQuery(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', message)
}
