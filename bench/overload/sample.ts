import { z } from 'zod'
import { quantile } from '../statistics.ts'
import { type Outcome, outcomeSchema } from './outcome.ts'

/** One request of an open loop. */
export const sampleSchema = z.object({
  /** When it was to be sent, on the clock of `monotonicMs`. */
  dueAt: z.number(),
  /** How much later it was sent: what the load's own process and core are to blame for. */
  lagMs: z.number(),
  /** From when it was due to the last byte of its answer, or until it was given up. */
  ms: z.number(),
  outcome: outcomeSchema,
})

export type Sample = z.infer<typeof sampleSchema>

/** What many requests came to. */
export interface Tally {
  readonly requests: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly lagP99Ms: number
}

/** Sums up; times are `NaN` where there is nothing. */
export function tallyOf(samples: readonly Sample[]): Tally {
  const times = samples.map(({ ms }) => ms)
  const lags = samples.map(({ lagMs }) => lagMs)
  return {
    requests: samples.length,
    outcomes: countEach((outcome) => having(samples, outcome).length),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: quantile(times, 1),
    lagP99Ms: quantile(lags, 0.99),
  }
}

/** Those with one outcome. */
export function having(samples: readonly Sample[], outcome: Outcome): readonly Sample[] {
  return samples.filter((sample) => sample.outcome === outcome)
}

/** Those that were due from one time on, up to another. */
export function dueWithin(samples: readonly Sample[], from: number, to: number): readonly Sample[] {
  return samples.filter(({ dueAt }) => dueAt >= from && dueAt < to)
}

/** A number for each outcome. */
export function countEach(count: (outcome: Outcome) => number): Record<Outcome, number> {
  return {
    picture: count('picture'),
    'stand-in': count('stand-in'),
    refused: count('refused'),
    limited: count('limited'),
    wrong: count('wrong'),
  }
}
