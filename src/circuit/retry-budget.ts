export interface RetryBudgetOptions {
  /** How many retries each first attempt pays for. */
  readonly share?: number
  /** How many come beside that in a second. */
  readonly perSecond?: number
  /** How many may be saved up; the budget begins with as many. */
  readonly capacity?: number
  /** Milliseconds that only ever count up. */
  readonly elapsedMs?: () => number
}

/** Bounds retries by a share of all attempts: when much fails at once, most of it fails at the first attempt. */
export class RetryBudget {
  readonly #options: Required<RetryBudgetOptions>
  #tokens: number
  #filledAt: number
  #granted = 0
  #denied = 0

  constructor(options: RetryBudgetOptions = {}) {
    this.#options = { share: 0.1, perSecond: 2, capacity: 20, elapsedMs: () => performance.now(), ...options }
    this.#tokens = this.#options.capacity
    this.#filledAt = this.#options.elapsedMs()
  }

  /** How many retries were granted and denied so far. */
  get counts(): { granted: number; denied: number } {
    return { granted: this.#granted, denied: this.#denied }
  }

  /** Notes a first attempt. */
  deposit(): void {
    this.#add(this.#options.share)
  }

  /** Whether there may be one more retry; it is counted as made. */
  take(): boolean {
    const { elapsedMs, perSecond } = this.#options
    const now = elapsedMs()
    this.#add(((now - this.#filledAt) / 1000) * perSecond)
    this.#filledAt = now
    if (this.#tokens < 1) {
      this.#denied += 1
      return false
    }
    this.#tokens -= 1
    this.#granted += 1
    return true
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#options.capacity, this.#tokens + tokens)
  }
}
