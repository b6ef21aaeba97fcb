import { quantile, rounded } from '../../../bench/statistics.ts'

/** Something that must not happen, with what it takes to look into it. */
export interface Finding {
  readonly what: string
  /** Seconds after the start. */
  readonly atS: number
  readonly details: Readonly<Record<string, unknown>>
}

/** More of one kind say nothing new. */
const KEPT_OF_A_KIND = 20

export interface Latencies {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Counts, times and findings of a run. */
export class Tally {
  readonly counts = new Map<string, number>()
  readonly findings: Finding[] = []
  readonly #times = new Map<string, number[]>()
  readonly #startedMs = performance.now()

  count(name: string): void {
    this.counts.set(name, this.of(name) + 1)
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0
  }

  time(name: string, ms: number): void {
    const times = this.#times.get(name)
    if (times === undefined) this.#times.set(name, [ms])
    else times.push(ms)
  }

  find(what: string, details: Finding['details']): void {
    this.count(`finding: ${what}`)
    if (this.of(`finding: ${what}`) > KEPT_OF_A_KIND) return
    this.findings.push({ what, atS: rounded((performance.now() - this.#startedMs) / 1000, 1), details })
  }

  latencies(): Record<string, Latencies> {
    const rows = [...this.#times].map(([name, times]): [string, Latencies] => [
      name,
      {
        count: times.length,
        p50Ms: rounded(quantile(times, 0.5), 1),
        p99Ms: rounded(quantile(times, 0.99), 1),
        maxMs: rounded(
          times.reduce((most, time) => Math.max(most, time), 0),
          1,
        ),
      },
    ])
    return Object.fromEntries(rows.toSorted(([a], [b]) => a.localeCompare(b)))
  }
}
