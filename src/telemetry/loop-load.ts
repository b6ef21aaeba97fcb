import { type EventLoopUtilityFunction, performance } from 'node:perf_hooks'

export interface LoopLoadOptions {
  /** The part of the time, from 0 to 1, from which on the event loop counts as busy. */
  readonly limit: number
  /** How often it is looked at; what is said in between is that of the last time. */
  readonly windowMs: number
  readonly now?: () => number
  readonly utilization?: EventLoopUtilityFunction
}

/** Beyond so many windows since the last look, what was between is not the last while. */
const STALE_WINDOWS = 10

/** Tells whether the event loop was at work for most of the last while; whatever comes then waits for all of that. */
export function createIsLoopBusy(options: LoopLoadOptions): () => boolean {
  const { limit, windowMs, now = () => performance.now() } = options
  const { utilization = performance.eventLoopUtilization } = options
  let last = utilization()
  let lookedAt = now()
  let isBusy = false

  return function isLoopBusy() {
    const passedMs = now() - lookedAt
    if (passedMs < windowMs) return isBusy
    const current = utilization()
    // What was long ago says nothing: after a pause it is looked at from here on.
    isBusy = passedMs < STALE_WINDOWS * windowMs && utilization(current, last).utilization > limit
    last = current
    lookedAt = now()
    return isBusy
  }
}
