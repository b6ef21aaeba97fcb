import { parseCacheControl } from './cache-control.ts'
import type { EdgeRules, Ttls } from './edge.ts'

/** For how long an answer is used from its arrival, and what it may be used for afterwards; milliseconds. */
export interface Freshness {
  readonly lifetimeMs: number
  readonly staleWhileRevalidateMs: number
  /** Undefined: the answer does not say. */
  readonly staleIfErrorMs: number | undefined
  /** It forbids to be used again, and MinTTL does not overrule it. */
  readonly isForbidden: boolean
}

type Headers = Readonly<Record<string, string>>

/** Whether the cache policy switches caching off altogether. */
export const isCachingDisabled = ({ minS, defaultS, maxS }: Ttls): boolean =>
  minS === 0 && defaultS === 0 && maxS === 0

/** What an answer says of its time, in seconds, whatever the policy: `s-maxage`, else `max-age`, else `Expires`. */
export function saidLifetimeS(headers: Headers, now: number): number | undefined {
  const { sMaxAgeS, maxAgeS } = parseCacheControl(headers['cache-control'])
  if (sMaxAgeS !== undefined || maxAgeS !== undefined) return sMaxAgeS ?? maxAgeS
  const { expires } = headers
  if (expires === undefined) return undefined
  const at = Date.parse(expires)
  // `Expires: 0` and other dates that are none lie in the past.
  return Number.isNaN(at) ? 0 : Math.max(0, (at - now) / 1000)
}

/** The table of TTLs. */
export function freshness(headers: Headers, ttls: Ttls, at: { now: number; rules: EdgeRules }): Freshness {
  const control = parseCacheControl(headers['cache-control'])
  const isForbidding = control.isForbidding || headers['vary']?.trim() === '*'
  const obeysStale = control.sMaxAgeS === undefined || at.rules.staleBesideSMaxage
  const staleIfErrorS = obeysStale ? control.staleIfErrorS : undefined
  const isForbidden = isForbidding && ttls.minS === 0
  return {
    lifetimeMs: (isForbidding ? ttls.minS : lifetimeS(headers, ttls, at.now)) * 1000,
    staleWhileRevalidateMs: isForbidding || !obeysStale ? 0 : (control.staleWhileRevalidateS ?? 0) * 1000,
    staleIfErrorMs: staleIfErrorS === undefined ? undefined : staleIfErrorS * 1000,
    isForbidden,
  }
}

function lifetimeS(headers: Headers, { minS, defaultS, maxS }: Ttls, now: number): number {
  const said = saidLifetimeS(headers, now)
  if (said === undefined) return Math.max(minS, defaultS)
  return Math.max(minS, Math.min(said, maxS))
}
