import type { Clock } from '../leases/clock.ts'
import type { EdgeCost } from './edge-items.ts'

export interface AllowanceOptions {
  readonly itemsPerSecond: number
  readonly wildcardsPerSecond: number
  readonly clock: Pick<Clock, 'elapsedMs'>
  /** From 0 to 1; spreads replicas that were refused together. */
  readonly random?: (() => number) | undefined
}

/** The rate of calls is limited by itself, whatever they hold; what comes meanwhile shares the next one. */
const CALL_SPACING_MS = 1000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/** When the edge may be asked next: what it takes a second, and a longer pause after each refusal in a row. */
export class Allowance {
  readonly #options: AllowanceOptions
  readonly #items: TokenBucket
  readonly #wildcards: TokenBucket
  #failures = 0
  #notBeforeMs = -Infinity

  constructor(options: AllowanceOptions) {
    this.#options = options
    this.#items = new TokenBucket(options.itemsPerSecond, options.clock)
    this.#wildcards = new TokenBucket(options.wildcardsPerSecond, options.clock)
  }

  /** The most that one call may ask for. */
  get most(): EdgeCost {
    return { items: this.#options.itemsPerSecond, wildcards: this.#options.wildcardsPerSecond }
  }

  /** How long, in milliseconds, until a call may be made that costs so much; 0: now. */
  msUntil({ items, wildcards }: EdgeCost): number {
    const pauseMs = this.#notBeforeMs - this.#options.clock.elapsedMs()
    return Math.max(0, pauseMs, this.#items.msUntil(items), this.#wildcards.msUntil(wildcards))
  }

  /** A call is made. */
  spend({ items, wildcards }: EdgeCost): void {
    this.#items.take(items)
    this.#wildcards.take(wildcards)
    this.#notBeforeMs = this.#options.clock.elapsedMs() + CALL_SPACING_MS
  }

  /** The edge has taken a call. */
  accepted(): void {
    this.#failures = 0
  }

  /** It has not, and may do so later. */
  refused(): void {
    const { clock, random = Math.random } = this.#options
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#notBeforeMs = clock.elapsedMs() + longest * (0.5 + random() / 2)
  }

  /** Seconds that all this takes at the edge's pace. */
  secondsFor({ items, wildcards }: EdgeCost): number {
    const { itemsPerSecond, wildcardsPerSecond } = this.#options
    return Math.max(items / itemsPerSecond, wildcards / wildcardsPerSecond)
  }
}

/** So many a second; a second's worth is kept. */
class TokenBucket {
  readonly #perSecond: number
  readonly #clock: Pick<Clock, 'elapsedMs'>
  #tokens: number
  #atMs: number

  constructor(perSecond: number, clock: Pick<Clock, 'elapsedMs'>) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#tokens = perSecond
    this.#atMs = clock.elapsedMs()
  }

  msUntil(count: number): number {
    this.#refill()
    // More than it ever holds: a full bucket has to do, and is in debt afterwards.
    const missing = Math.min(count, this.#perSecond) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1000)
  }

  take(count: number): void {
    this.#refill()
    this.#tokens -= count
  }

  #refill(): void {
    const nowMs = this.#clock.elapsedMs()
    const grown = this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#perSecond, grown)
    this.#atMs = nowMs
  }
}
