export interface Verdict {
  readonly ready: boolean
  readonly reason: string
}

/** Whether this replica should get traffic: not while it stops, not while it cannot reach the bucket. */
export class Readiness {
  readonly #reachable: () => boolean
  #draining = false

  /** `reachable`: whether the bucket answered when it was last asked. */
  constructor(reachable: () => boolean) {
    this.#reachable = reachable
  }

  /** From now on not ready: the program stops. */
  drain(): void {
    this.#draining = true
  }

  get draining(): boolean {
    return this.#draining
  }

  check(): Verdict {
    if (this.#draining) return { ready: false, reason: 'stopping' }
    if (!this.#reachable()) return { ready: false, reason: 'the bucket does not answer' }
    return { ready: true, reason: 'ready' }
  }
}
