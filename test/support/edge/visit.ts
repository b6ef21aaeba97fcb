import type { EdgeAnswer, EdgeBehavior, EdgeRequest, EdgeResult } from './edge.ts'
import type { Copy } from './copies.ts'

/** One request on its way through the layers. */
export interface Visit {
  readonly behavior: EdgeBehavior
  readonly key: string
  readonly path: string
  /** What the origin is asked where no layer has it; without conditions and range. */
  readonly request: EdgeRequest
  /** A single range that the viewer wants. */
  readonly range?: string | undefined
}

/** What a layer, or the origin, says to a visit: the whole answer, whatever the viewer has already. */
export interface Reply {
  readonly answer: EdgeAnswer
  /** For how long it lay in caches that count. */
  readonly ageMs: number
  readonly result: EdgeResult
  /** The layer that had it, or `origin`. */
  readonly from: string
  /** The origin could not be reached: the answer is the edge's own. */
  readonly isUnreachable: boolean
}

/** Where a layer asks for what it has not; with a copy whose time is over the answer may be 304. */
export type Upstream = (visit: Visit, copy: Copy | undefined) => Promise<Reply>
