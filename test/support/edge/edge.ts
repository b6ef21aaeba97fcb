/** Time as the edge sees it: milliseconds since 1970. Tests turn it by hand. */
export type EdgeClock = () => number

/** What the edge asks of an origin, or a viewer of the edge. `target` is path and query as they stand in the request. */
export interface EdgeRequest {
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** An answer with its whole body; `complete` is false where the connection broke off before its length. */
export interface EdgeAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly complete?: boolean
}

/** Rejects where it cannot be reached. */
export type EdgeOrigin = (request: EdgeRequest, signal?: AbortSignal) => Promise<EdgeAnswer>

/** A line of the standard logs, by the names of the fields (`x-edge-location`, `sc-bytes`, `x-edge-result-type`, …). */
export type EdgeLogLine = Readonly<Record<string, string>>

/** A distribution in small: locations, Origin Shield and invalidations, as CloudFront documents them. */
export interface Edge {
  /** Asks as a viewer near `location` does. */
  view(location: string, request: EdgeRequest): Promise<EdgeAnswer>
  /** Invalidates paths, wildcards and `#tags` at once in every layer; delays and quotas are the API's business. */
  invalidate(items: readonly string[]): void
  /** Number of requests that the named origin was asked. */
  asked(origin: string): number
}
