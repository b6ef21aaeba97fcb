import { S3ServiceException } from '@aws-sdk/client-s3'
import { GatewayError } from '../errors.ts'

/** The HTTP status that the store answered with; `undefined` when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  // Not only S3ServiceException: a proxy's page of HTML is a parse error to the SDK, with the same metadata.
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

/** Whether the store says that there is no such object (and not: no such bucket). */
export function isAbsent(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket'
}

/** Whether a write on condition lost: the condition does not hold, or another writer is at it. */
export function isTaken(error: unknown): boolean {
  const status = statusOf(error)
  return status === 412 || status === 409
}

/** The store's own name for a failure (`SlowDown`), or the system's (`ECONNREFUSED`). */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof S3ServiceException) return error.name
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : undefined
}

/** An answer that is not what the protocol says. */
export function brokenAnswer(detail: string): GatewayError {
  return new GatewayError('bucket_unreachable', messages.bucket_unreachable, { cause: new Error(detail) })
}

/** What a call fails with that is not sent: the circuit is open. */
export function circuitOpen(): GatewayError {
  const cause = new Error('Not asked: it did not answer before, and its circuit is open')
  return new GatewayError('bucket_unreachable', messages.bucket_unreachable, { cause })
}

/** Whether a call was ended because its time was over, and not because nobody wanted it any more. */
export function isDeadline(reason: unknown): boolean {
  if (reason instanceof GatewayError) return reason.code === 'timed_out'
  // That of `AbortSignal.timeout`.
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** What the SDK threw, as one of the failures that the contract names; ours pass unchanged. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = failureOf(error)
  return new GatewayError(code, messages[code], { cause: error })
}

// Shown to clients: no host, bucket or key in them.
const messages = {
  bucket_unreachable: 'The bucket could not be reached',
  bucket_refused: 'The bucket refused the request',
  timed_out: 'The bucket took too long',
  source_archived: 'The source is archived: it has to be restored before it can be read',
} as const

const slow = new Set<string | undefined>(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])
// Statuses that say "not now" rather than "no".
const transient = new Set([408, 409, 425, 429])

function failureOf(error: unknown): keyof typeof messages {
  const code = codeOf(error)
  if (slow.has(code)) return 'timed_out'
  if (code === 'CredentialsProviderError') return 'bucket_refused'
  // It is there, and its head can be had; its bytes are hours away.
  if (code === 'InvalidObjectState') return 'source_archived'
  const status = statusOf(error) ?? 0
  // A full disk, as stores of one's own say it: reads are answered all the same.
  if (status === 507) return 'bucket_refused'
  const refused = status >= 300 && status < 500 && !transient.has(status)
  return refused ? 'bucket_refused' : 'bucket_unreachable'
}
