import type { Purge } from '../cdn/forget.ts'

/**
 * One thing that the edge is told to forget, as its API spells it: a tag (`#item:42`), a path (`/img/a.jpg/800.webp`)
 * or, with a `*` at its end, all paths that begin so.
 */
export type EdgeItem = string

/** The API of the edge. Refusals are `EdgeRefusal`s; what is thrown besides is a fault of ours. */
export interface EdgeApi {
  /** Asks the edge to forget. Asked again with the same reference and items, it is the same invalidation. */
  invalidate(
    reference: string,
    items: readonly EdgeItem[],
    signal?: AbortSignal,
  ): Promise<{ readonly id: string }>
}

/** Why the edge did not take an invalidation; all but `invalid` may go away by waiting. */
export type EdgeRefusalReason =
  | 'busy'
  | 'throttled'
  | 'unreachable'
  | 'denied'
  | 'no-distribution'
  | 'invalid'

/** The edge did not take an invalidation. */
export class EdgeRefusal extends Error {
  override readonly name = 'EdgeRefusal'
  readonly reason: EdgeRefusalReason

  constructor(reason: EdgeRefusalReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** What follows at the edge from a change of ours that is made: bucket, memory and replicas have forgotten already. */
export interface EdgePurges {
  /**
   * Puts the purge into the queue, in place of its announcement, and wakes the sender. Resolves when it is in the
   * bucket: from then on it is carried out twice, by whichever replica lives.
   */
  handOver(purge: Purge): Promise<void>
}

/** What the queue says of itself. */
export interface PurgeStatus {
  /** Purges that are not sent even once. */
  readonly waiting: number
  /** Purges that are sent once, and wait for the second time. */
  readonly sent: number
  /** Age of the oldest that is not sent even once, in milliseconds. */
  readonly oldestMs: number
  /** Why the edge did not take the last one that it did not take; absent when the last one was taken. */
  readonly refusal?:
    | { readonly reason: EdgeRefusalReason; readonly message: string; readonly at: string }
    | undefined
}
