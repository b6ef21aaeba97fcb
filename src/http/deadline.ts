import { GatewayError } from '../errors.ts'

/**
 * Runs `work` with a signal that ends with the client or after `timeoutMs`, whichever is first. What fails after the
 * client has left is `client_gone`: nobody's fault, and nobody is there to be told.
 */
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
  } catch (error) {
    if (client.aborted) throw new GatewayError('client_gone', 'The client has left', { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
  }
}
