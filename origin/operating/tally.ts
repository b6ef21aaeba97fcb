interface Entry {
  readonly operation: string
  readonly status: string
  count: number
}

/** Counts of requests that have not been told yet: a counter's own look-up by labels costs more than the rest of it. */
export class Tally {
  readonly #entries = new Map<string, Entry>()

  /** Counts one request. */
  add(operation: string, status: string): void {
    const name = `${operation} ${status}`
    const entry = this.#entries.get(name)
    if (entry) entry.count += 1
    else this.#entries.set(name, { operation, status, count: 1 })
  }

  /** Tells all that was counted since the last call. */
  moveTo(tell: (labels: Omit<Entry, 'count'>, count: number) => void): void {
    for (const { operation, status, count } of this.#entries.values()) tell({ operation, status }, count)
    this.#entries.clear()
  }
}
