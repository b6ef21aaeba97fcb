import { type Cells, table } from '../../src/traffic/text-table.ts'
import { median, rounded } from '../statistics.ts'
import type { Finding } from './limits.ts'
import { type Outcome, OUTCOMES } from './outcome.ts'
import type { OverloadTurn } from './run.ts'
import { countEach, type Tally } from './sample.ts'

/** Whose requests a row is about. */
const ROWS: readonly (readonly [name: string, of: (turn: OverloadTurn) => Tally])[] = [
  ['hits, idle', ({ idle }) => idle.hits],
  ['hits, overloaded', ({ loaded }) => loaded.hits],
  ['misses, idle', ({ idle }) => idle.misses],
  ['misses, overloaded', ({ loaded }) => loaded.misses],
  ['those refused', ({ loaded }) => loaded.refusals],
  ['visitor, one source floods', ({ visitors }) => visitors.source],
  ['visitor, one client floods', ({ visitors }) => visitors.client],
  ['visitor, one dialect floods', ({ visitors }) => visitors.dialect],
]

/** What scripts read: medians of the turns, milliseconds. */
export interface OverloadResult {
  readonly name: string
  readonly requests: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
  /** How late the load itself was with one request in a hundred. */
  readonly lag_p99_ms: number
}

/** The medians of the turns, a row for each kind of request; counts are of all turns. */
export function resultsOf(turns: readonly OverloadTurn[]): OverloadResult[] {
  return ROWS.map(([name, of]) => {
    const tallies = turns.map(of)
    const middle = (pick: (tally: Tally) => number) => rounded(median(tallies.map(pick)), 2)
    const total = (pick: (tally: Tally) => number) => tallies.reduce((sum, tally) => sum + pick(tally), 0)
    return {
      name,
      requests: total(({ requests }) => requests),
      outcomes: countEach((outcome) => total((tally) => tally.outcomes[outcome])),
      p50_ms: middle(({ p50Ms }) => p50Ms),
      p99_ms: middle(({ p99Ms }) => p99Ms),
      max_ms: middle(({ maxMs }) => maxMs),
      lag_p99_ms: middle(({ lagP99Ms }) => lagP99Ms),
    }
  })
}

/** For people: what came of the requests, how fast, and what was to hold. */
export function formatReport(turns: readonly OverloadTurn[], findings: readonly Finding[]): string[] {
  const middle = (pick: (turn: OverloadTurn) => number) => rounded(median(turns.map(pick)), 1)
  const head: Cells = ['', 'requests', ...OUTCOMES, 'p50 ms', 'p99 ms', 'max ms', 'lag p99 ms']
  return [
    `Capacity ${middle(({ capacity }) => capacity)} renders a second; ${middle(({ loaded }) => loaded.rendersPerSecond)} while overloaded, ${middle(({ loaded }) => loaded.bucketCallsPerMiss)} bucket calls and ${middle(({ loaded }) => loaded.cpuMsPerMiss)} ms of the gateway's processor time a miss`,
    ...table(head, resultsOf(turns).map(cellsOf)),
    '',
    ...findings.map(lineOf),
  ]
}

function cellsOf({ name, requests, outcomes, p50_ms, p99_ms, max_ms, lag_p99_ms }: OverloadResult): Cells {
  const numbers = [
    requests,
    ...OUTCOMES.map((outcome) => outcomes[outcome]),
    p50_ms,
    p99_ms,
    max_ms,
    lag_p99_ms,
  ]
  return [name, ...numbers.map(String)]
}

function lineOf({ what, value, limit, atLeast, holds }: Finding): string {
  const sign = atLeast ? 'at least' : 'at most'
  return `${holds ? 'holds ' : 'BROKEN'}  ${what}: ${rounded(value, 2)}, ${sign} ${limit}`
}
