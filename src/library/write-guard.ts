import { performance } from 'node:perf_hooks'
import { GatewayError } from '../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { probeConditionalWrites } from '../storage/probe.ts'

export interface WriteGuardOptions {
  readonly store: ObjectStore
  /** How long a bucket that did not pass is refused before it is tried again. */
  readonly retryMs?: number
  /** Milliseconds that only ever count up. */
  readonly elapsedMs?: () => number
}

/**
 * Refuses changes (`library_read_only`) on a bucket that does not honour conditional writes, where the last of two
 * writers would undo what the first has done. It is tried with the first change; one that has passed is believed.
 */
export function createWriteGuard(options: WriteGuardOptions): () => Promise<void> {
  const { store, retryMs = 10_000, elapsedMs = () => performance.now() } = options
  let trial: Promise<string | undefined> | undefined
  let retryAt = Infinity

  async function tryBucket(): Promise<string | undefined> {
    const fault = (await probeConditionalWrites(store)).find(({ ok }) => !ok)
    retryAt = fault === undefined ? Infinity : elapsedMs() + retryMs
    return fault && `${fault.name}: ${fault.detail}`
  }

  return async function assertWritable() {
    if (elapsedMs() >= retryAt) {
      trial = undefined
      retryAt = Infinity
    }
    trial ??= tryBucket().catch((error: unknown) => {
      trial = undefined
      throw error
    })
    const fault = await trial
    if (fault === undefined) return
    const message = 'The library cannot be changed: its bucket does not honour conditional writes'
    throw new GatewayError('library_read_only', message, { cause: new Error(fault) })
  }
}
