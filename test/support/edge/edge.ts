/** Time as the edge sees it: milliseconds since 1970. Tests turn it by hand. */
export type EdgeClock = () => number

/** What the edge asks of an origin, or a viewer of the edge. `target` is path and query as they stand in the request. */
export interface EdgeRequest {
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Where a viewer comes from; without it `198.51.100.1`. */
  readonly address?: string | undefined
}

/** An answer with its whole body; `complete` is false where the connection broke off before its end. */
export interface EdgeAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly complete?: boolean
}

/** Rejects where it cannot be reached; with a `TimeoutError` where it took too long. */
export type EdgeOrigin = (request: EdgeRequest, signal?: AbortSignal) => Promise<EdgeAnswer>

/** A line of the standard logs, by the names of the fields (`x-edge-location`, `sc-bytes`, `x-edge-result-type`, …). */
export type EdgeLogLine = Readonly<Record<string, string>>

/** How an answer came about, as `X-Cache` and the logs name it. */
export type EdgeResult = 'Hit' | 'RefreshHit' | 'Miss' | 'Error'

/** What a layer of the edge holds; fresh, stale, or kept only for when the origin cannot be reached. */
export interface HeldCopy {
  readonly layer: string
  /** Path and query, as far as the query is in the key. */
  readonly path: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly state: 'fresh' | 'stale' | 'not reusable'
}

/** A distribution in small: locations, Origin Shield and invalidations, as CloudFront documents them. */
export interface Edge {
  /** Asks as a viewer near `location` does. */
  view(location: string, request: EdgeRequest): Promise<EdgeAnswer>
  /**
   * Invalidates paths, wildcards and `#tags` at once in every layer; delays and quotas are the API's business. What is
   * being fetched at the time is kept when it arrives.
   */
  invalidate(items: readonly string[]): void
  /** Number of requests that the named origin was asked. */
  asked(origin: string): number
  /** Resolves when no fetch is in the air, those in the background included. */
  settled(): Promise<void>
  /** All that lies in the caches now. */
  held(): HeldCopy[]
}

/** Minimum, default and maximum time to live of a cache policy, in seconds. */
export interface Ttls {
  readonly minS: number
  readonly defaultS: number
  readonly maxS: number
}

/** Asks the first origin, and the second where the first cannot be reached or answers one of the codes. */
export interface OriginGroup {
  readonly primary: string
  readonly secondary: string
  readonly codes: readonly number[]
}

/** How requests are treated whose path fits the pattern (`*` and `?` as wildcards, case-sensitive). */
export interface EdgeBehavior {
  readonly pattern: string
  readonly origin: string | OriginGroup
  readonly ttls: Ttls
  /** Headers in the cache key, in lower case; they reach the origin. */
  readonly keyHeaders?: readonly string[]
  /** Query parameters in the cache key; they reach the origin. */
  readonly keyQueries?: readonly string[] | 'all'
  /** Whether whoever takes gzip has a copy of their own, which the edge packs where the origin has not. */
  readonly gzip?: boolean
  /** Headers that reach the origin without being in the key. */
  readonly forwardHeaders?: readonly string[] | 'all'
  /** Whether all query parameters reach the origin without being in the key. */
  readonly forwardQueries?: boolean
  /** Headers that viewers do not get to see. */
  readonly removeHeaders?: readonly string[]
  /** Whether viewers come with a signature of the distribution's key group. */
  readonly signed?: boolean
  /** A function at viewer requests; changes headers. */
  readonly viewerRequest?: (request: EdgeRequest) => EdgeRequest
}

/** An origin as a distribution knows it. */
export interface EdgeOriginSettings {
  readonly fetch: EdgeOrigin
  /** Added to every request, in place of what the viewer sent. */
  readonly customHeaders?: Readonly<Record<string, string>>
  /** How often it is tried while it cannot be reached; 3 unless told otherwise. */
  readonly attempts?: number
}

/** What CloudFront is known to do, or not known to: each may be switched, and what we claim must hold both ways. */
export interface EdgeRules {
  /** §1.1: `stale-while-revalidate` and `stale-if-error` work beside `s-maxage`; else they are as not written. */
  readonly staleBesideSMaxage: boolean
  /** §1.1: older answers with `no-store`, `no-cache` or `private` are handed out while the origin cannot be reached. */
  readonly olderWhenUnreachable: boolean
  /** §1.1: a response headers policy may remove `Age`. */
  readonly ageRemovable: boolean
  /** §1.2: an error that is kept only when it says for how long is kept also when it says `private` or `no-store` too. */
  readonly forbiddenErrorsKept: boolean
  /** §1.6: what lay in Origin Shield has aged there when a location takes it over; else its time begins anew. */
  readonly ageCountsBetweenLayers: boolean
  /** §1.10: the parameters of a signed URL are removed before key and origin. */
  readonly signatureRemoved: boolean
}

/** A distribution. The first behaviour that fits is taken. */
export interface EdgeOptions {
  readonly clock: EdgeClock
  readonly origins: Readonly<Record<string, EdgeOriginSettings>>
  readonly behaviors: readonly EdgeBehavior[]
  /** Codes of the edge locations; `FRA56-P1` and `IAD89-P2` unless told otherwise. */
  readonly locations?: readonly string[]
  /** Whether what locations miss is looked for in Origin Shield before the origin is asked. */
  readonly shield?: boolean
  /** Error caching minimum TTL by status, in seconds; 10 unless told otherwise. */
  readonly errorTtlS?: Readonly<Record<number, number>>
  /** The header with cache tags; without it there are none. */
  readonly tagHeader?: string
  /** What a location holds at most, and Origin Shield; no bound unless told otherwise. */
  readonly capacityBytes?: number
  readonly rules?: Partial<EdgeRules>
  readonly log?: (line: EdgeLogLine) => void
}
