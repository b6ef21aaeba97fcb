/** A key and how often it came: never counted too high, and too low by `FrequentKeys.error` at most. */
export interface Frequent {
  readonly key: string
  readonly count: number
}

const MAX_KEY_LENGTH = 2_048

/**
 * The most frequent of any number of keys, in constant memory (Misra and Gries): when there are twice as many as are
 * kept, the count of the first that has no place is taken off all of them, and those at nothing go. Exact as long as
 * fewer keys come than that.
 */
export class FrequentKeys {
  readonly #kept: number
  #counts = new Map<string, number>()
  #error = 0

  constructor(kept = 20_000) {
    this.#kept = kept
  }

  /** By how much a count may be too low; 0: all are exact. */
  get error(): number {
    return this.#error
  }

  add(key: string): void {
    const name = key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key
    const count = this.#counts.get(name)
    if (count !== undefined) {
      this.#counts.set(name, count + 1)
      return
    }
    // A text of its own: a part of a line would keep the whole line in memory.
    this.#counts.set(Buffer.from(name).toString(), 1)
    if (this.#counts.size >= 2 * this.#kept) this.#compact()
  }

  /** The most frequent first; those that are equal by name. */
  top(count: number): Frequent[] {
    return [...this.#counts]
      .map(([key, times]) => ({ key, count: times }))
      .toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
      .slice(0, count)
  }

  #compact(): void {
    const rising = Float64Array.from(this.#counts.values()).toSorted()
    const cut = rising.at(-this.#kept - 1) ?? 0
    const left = new Map<string, number>()
    for (const [key, count] of this.#counts) if (count > cut) left.set(key, count - cut)
    this.#counts = left
    this.#error += cut
  }
}
