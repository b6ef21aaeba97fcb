import type { S3Client } from '@aws-sdk/client-s3'
import { GatewayError } from '../errors.ts'
import type { CallOptions } from './object-store.ts'
import { toGatewayError } from './s3-errors.ts'

/** How long one call may keep the store busy, and how long it may take with its retries. */
const answerMs = 60_000
const callMs = 120_000

/** What the SDK's `send` takes beside a command. */
export interface SendOptions {
  readonly abortSignal: AbortSignal
  /** In the place of the connection's waits for the head of an answer and between two pieces of its body. */
  readonly requestTimeout?: number
}

/** The encryption at rest that a write asks for, as the SDK's commands take it. */
export interface EncryptionHeaders {
  readonly ServerSideEncryption?: 'AES256' | 'aws:kms'
  readonly SSEKMSKeyId?: string
  readonly BucketKeyEnabled?: true
}

/** Runs one call to the store, its retries included: stopped at its deadline, its failures translated. */
export type Call = <T>(options: CallOptions | undefined, work: (sdk: SendOptions) => Promise<T>) => Promise<T>

/** A bucket as its verbs need it. */
export interface S3Bucket {
  readonly client: S3Client
  readonly name: string
  readonly call: Call
  /** Whether a call that has failed may be made once more: attempts beyond the first have one budget. */
  readonly mayRetry: () => boolean
  /** Goes with everything that writes. */
  readonly encryption: EncryptionHeaders
  /** How far its clock is ahead of ours, by its last answer; `undefined` before the first. */
  readonly clockSkewMs: () => number | undefined
}

/**
 * Calls that end after `timeoutMs` or with the caller's signal, whichever is first. With `requestTimeout` one answer may
 * take so long, for what keeps a store busy.
 */
export function createCall(timeoutMs: number, requestTimeout?: number): Call {
  return (options, work) =>
    withDeadline(timeoutMs, options?.signal, async (abortSignal) => {
      try {
        return await work({ abortSignal, ...(requestTimeout !== undefined && { requestTimeout }) })
      } catch (error) {
        throw toGatewayError(error)
      }
    })
}

/** The same bucket for calls that move or join many bytes: stores answer them when they are done. */
export function patient(bucket: S3Bucket): S3Bucket {
  return { ...bucket, call: createCall(callMs, answerMs) }
}

async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  return new Promise<T>((resolve, reject) => {
    const leave = () => fail(signal?.reason)
    const timer = setTimeout(() => fail(new GatewayError('timed_out', 'The bucket took too long')), timeoutMs)
    const release = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    }
    const succeed = (result: T) => {
      release()
      resolve(result)
    }
    const fail = (reason: unknown) => {
      release()
      reject(reason)
      // Ends also an answer that was refused half read: it must not keep its socket.
      stop.abort(reason)
    }
    // A listener of our own, not AbortSignal.any: it is taken away again, so a long-lived signal gathers nothing.
    signal?.addEventListener('abort', leave, { once: true })
    work(stop.signal).then(succeed, fail)
  })
}
