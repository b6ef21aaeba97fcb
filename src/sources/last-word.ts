import { type ErrorCode, GatewayError } from '../errors.ts'

/** What was answered last. */
export interface LastWord<T> {
  readonly value: T
  readonly ageMs: number
}

/** What was asked for, or what stands in for it. */
export interface Heard<T> {
  readonly value: T
  /** The bucket did not answer; this is what it said last. */
  readonly stale: boolean
}

/** When the bucket hangs, what was answered before is waited for so long before the last answer is given instead. */
export const STALE_AFTER_MS = 1000
/** How long a failure of the bucket is remembered, so that not every request waits for the next one. */
export const FAILURE_TTL_MS = 1000
/** How long after it ran out the last answer may still stand in for a bucket that is away. */
export const STALE_MS = 15 * 60_000

/** What a bucket, or another server, fails with that is away. A bucket that refuses us says nothing of its pictures. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'bucket_unreachable',
  'bucket_refused',
  'timed_out',
  'remote_unreachable',
  'remote_unresolved',
  'remote_failed',
  'remote_timed_out',
])

/** Whether a failure says that a bucket, or another server, is away: what it said last may stand in for it. */
export function isAway(error: unknown): boolean {
  return error instanceof GatewayError && AWAY.has(error.code)
}

/** Asks; while the bucket is away, or hangs, its last word stands, for a quarter of an hour. */
export async function askOrTakeLast<T>(
  ask: (signal?: AbortSignal) => Promise<T>,
  last: LastWord<T> | undefined,
  signal?: AbortSignal,
): Promise<Heard<T>> {
  if (last === undefined || last.ageMs > STALE_MS) return { value: await ask(signal), stale: false }
  const patience = AbortSignal.timeout(STALE_AFTER_MS)
  try {
    return { value: await ask(signal ? AbortSignal.any([signal, patience]) : patience), stale: false }
  } catch (error) {
    if (signal?.aborted || !(patience.aborted || isAway(error))) throw error
    return { value: last.value, stale: true }
  }
}
