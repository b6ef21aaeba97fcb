import { GatewayError } from '../errors.ts'
import type { CallOptions } from './object-store.ts'
import { toGatewayError } from './s3-errors.ts'

/** What the SDK's `send` takes beside a command. */
export interface SendOptions {
  readonly abortSignal: AbortSignal
}

/** Runs one call to the store, its retries included: stopped at its deadline, its failures translated. */
export type Call = <T>(options: CallOptions | undefined, work: (sdk: SendOptions) => Promise<T>) => Promise<T>

/** Calls that end after `timeoutMs` or with the caller's signal, whichever is first. */
export function createCall(timeoutMs: number): Call {
  return (options, work) =>
    withDeadline(timeoutMs, options?.signal, async (abortSignal) => {
      try {
        return await work({ abortSignal })
      } catch (error) {
        throw toGatewayError(error)
      }
    })
}

async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  let end: (reason: unknown) => void = () => {}
  const ended = new Promise<never>((_resolve, reject) => {
    end = (reason) => {
      // Rejected before the work is stopped, so that the reason wins over what the stopped work throws.
      reject(reason)
      stop.abort()
    }
  })
  const leave = () => end(signal?.reason)
  const timer = setTimeout(() => end(new GatewayError('timed_out', 'The bucket took too long')), timeoutMs)
  // A listener of our own, not AbortSignal.any: it is taken away again, so a long-lived signal gathers nothing.
  signal?.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work(stop.signal), ended])
  } catch (error) {
    // An answer that was refused half read must not keep its socket.
    stop.abort()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  }
}
