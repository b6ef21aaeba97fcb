import { parseCacheControl } from './cache-control.ts'
import type { EdgeRules, Ttls } from './edge.ts'
import { saidLifetimeS } from './freshness.ts'

/** Kept whatever the origin says. */
const ALWAYS = new Set([404, 414, 500, 501, 502, 503, 504])

/** Kept only when the answer says for how long. */
const WHEN_SAID = new Set([400, 403, 405, 412, 415])

/** The error caching minimum TTL where none is configured. */
const DEFAULT_S = 10

/** What an error's time depends on beside the error. */
export interface ErrorPolicy {
  readonly ttls: Ttls
  readonly errorTtlS: Readonly<Record<number, number>>
  readonly rules: EdgeRules
}

/** The error caching minimum TTL of a status, in milliseconds. */
export const errorMinimumMs = (status: number, { errorTtlS }: Pick<ErrorPolicy, 'errorTtlS'>): number =>
  (errorTtlS[status] ?? DEFAULT_S) * 1000

/** For how long an error is kept, in milliseconds; `undefined`: it is passed on and not kept. */
export function errorLifetimeMs(
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
  policy: ErrorPolicy,
  now: number,
): number | undefined {
  const control = parseCacheControl(headers['cache-control'])
  const isSaid = control.maxAgeS !== undefined || control.sMaxAgeS !== undefined
  const isForbidden = control.isForbidding && !policy.rules.forbiddenErrorsKept
  if (!ALWAYS.has(status) && !(WHEN_SAID.has(status) && isSaid && !isForbidden)) return undefined
  const said = control.isForbidding ? 0 : (saidLifetimeS(headers, now) ?? 0)
  const lifetime = Math.max(errorMinimumMs(status, policy), said * 1000)
  return Math.min(lifetime, policy.ttls.maxS * 1000)
}
