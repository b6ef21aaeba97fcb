import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** Time, as leases and what is done under them need it. */
export interface Clock {
  /** Wall clock in milliseconds. The nearer to the store's the better: ages are told by times that the store gave. */
  now(): number
  /** Milliseconds that only ever count up, however the wall clock is set: leases are measured with them. */
  elapsedMs(): number
  /** Rejects when `signal` is aborted. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
}

/** The clock of this machine, its wall set by the store's as far as `clockSkewMs` knows how far they are apart. */
export function createClock(clockSkewMs: () => number | undefined): Clock {
  return {
    now: () => Date.now() + (clockSkewMs() ?? 0),
    elapsedMs: () => performance.now(),
    pause: async (ms, signal) => pause(ms, undefined, { signal }),
  }
}
