/** What requests are counted by. */
export interface RequestLabels {
  readonly route: string
  readonly status: number
  readonly class: string
  readonly layer: string
}

/** Counts that have not been told yet: a counter's own look-up by its labels costs as much as the rest of a hit. */
export class RequestTally {
  readonly #entries = new Map<string, { readonly labels: RequestLabels; count: number }>()

  /** Counts one request. */
  add(labels: RequestLabels): void {
    const name = `${labels.status} ${labels.layer} ${labels.class} ${labels.route}`
    const entry = this.#entries.get(name)
    if (entry) entry.count += 1
    else this.#entries.set(name, { labels, count: 1 })
  }

  /** Tells all that was counted since the last call. */
  moveTo(tell: (labels: RequestLabels, count: number) => void): void {
    for (const { labels, count } of this.#entries.values()) tell(labels, count)
    this.#entries.clear()
  }
}
