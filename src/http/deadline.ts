import { GatewayError } from '../errors.ts'

/** Runs `work` with a signal that ends with the client or after `timeoutMs`, whichever is first. */
export async function withDeadline<T>(
  client: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(new GatewayError('timed_out', 'The picture took too long')),
    timeoutMs,
  )
  try {
    return await work(AbortSignal.any([client, late.signal]))
  } finally {
    clearTimeout(timer)
  }
}
