import { type EventLoopUtilityFunction, performance } from 'node:perf_hooks'

export interface LoopLoadOptions {
  /** The part of the time, from 0 to 1, from which on the event loop counts as busy. */
  readonly limit: number
  /** How often it is looked at; what is said in between is that of the last time. */
  readonly windowMs: number
  readonly now?: () => number
  readonly utilization?: EventLoopUtilityFunction
}

/** Tells whether the event loop was at work for most of the last while; whatever comes then waits for all of that. */
export function createIsLoopBusy(options: LoopLoadOptions): () => boolean {
  const { limit, windowMs, now = () => performance.now() } = options
  const { utilization = performance.eventLoopUtilization } = options
  let last = utilization()
  let lookedAt = now()
  let isBusy = false

  return function isLoopBusy() {
    if (now() - lookedAt < windowMs) return isBusy
    const current = utilization()
    isBusy = utilization(current, last).utilization > limit
    last = current
    lookedAt = now()
    return isBusy
  }
}
