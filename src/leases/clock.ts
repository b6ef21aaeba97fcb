/** Time, as leases and what is done under them need it. */
export interface Clock {
  /** Wall clock in milliseconds. The nearer to the store's the better: ages are told by times that the store gave. */
  now(): number
  /** Milliseconds that only ever count up, however the wall clock is set: leases are measured with them. */
  elapsedMs(): number
  pause(ms: number): Promise<void>
}
