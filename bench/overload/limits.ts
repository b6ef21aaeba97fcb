import { median } from '../statistics.ts'
import { type OverloadTurn, SLOWER } from './run.ts'

/** One of the things that must hold, and what was measured. */
export interface Finding {
  readonly what: string
  readonly value: number
  readonly limit: number
  /** Whether the value has to be at least the limit; else at most. */
  readonly atLeast?: true
  readonly holds: boolean
}

/** A row of the table of limits. */
interface Limit extends Omit<Finding, 'value' | 'holds'> {
  readonly of: (turn: OverloadTurn) => number
}

const REFUSED_MS = 50
const RECOVERED_MS = 5_000
/** A visitor asks for an eighth of what can be rendered: little is lost where it has its share. */
const VISITOR_SHARE = 0.9

const LIMITS: readonly Limit[] = [
  {
    what: 'p99 of hits, of that when idle',
    limit: SLOWER,
    of: ({ idle, loaded }) => loaded.hits.p99Ms / idle.hits.p99Ms,
  },
  {
    what: 'hits that were not answered with their picture',
    limit: 0,
    of: ({ idle, loaded }) =>
      idle.hits.requests + loaded.hits.requests - idle.hits.outcomes.picture - loaded.hits.outcomes.picture,
  },
  { what: 'p99 of refusals, ms', limit: REFUSED_MS, of: ({ loaded }) => loaded.refusals.p99Ms },
  {
    what: 'misses that got no picture and no proper refusal',
    limit: 0,
    of: ({ loaded }) => loaded.misses.outcomes.wrong,
  },
  { what: 'recovery of hits, ms', limit: RECOVERED_MS, of: ({ recovery }) => recovery.hits },
  { what: 'recovery of misses, ms', limit: RECOVERED_MS, of: ({ recovery }) => recovery.misses },
  { what: 'recovery of the queue, ms', limit: RECOVERED_MS, of: ({ recovery }) => recovery.queue },
  ...(['source', 'client', 'dialect'] as const).map(
    (flood): Limit => ({
      what: `share of answers with a picture, also a quick or a larger one, for a visitor while one ${flood} floods`,
      limit: VISITOR_SHARE,
      atLeast: true,
      of: ({ visitors }) => {
        const { outcomes, requests } = visitors[flood]
        return (outcomes.picture + outcomes['stand-in']) / requests
      },
    }),
  ),
]

/** What the issue asks for, by the medians of the turns. What could not be measured does not hold. */
export function findingsOf(turns: readonly OverloadTurn[]): Finding[] {
  return LIMITS.map(({ of, ...limit }) => {
    const value = median(turns.map(of))
    return { ...limit, value, holds: limit.atLeast ? value >= limit.limit : value <= limit.limit }
  })
}
