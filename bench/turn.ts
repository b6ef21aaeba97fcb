import { z } from 'zod'
import { quantile } from './statistics.ts'

/** What one side did in one turn. */
export const turnSchema = z.object({
  /** Answers that came, right and wrong ones. */
  requests: z.int().nonnegative(),
  /** Answers that were wrong or did not come. */
  errors: z.int().nonnegative(),
  /** Right answers a second. */
  rps: z.number().nonnegative(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

export type Turn = z.infer<typeof turnSchema>

export interface TurnLimits {
  /** Calls under way at once. */
  readonly concurrency: number
  /** No call begins later; those under way are finished and count. */
  readonly seconds: number
  /** Calls at most. */
  readonly calls: number
}

/** One call after the other, for so many seconds. */
export function oneByOne(seconds: number): TurnLimits {
  return { concurrency: 1, seconds, calls: Number.POSITIVE_INFINITY }
}

/** Keeps so many calls under way; `call` says whether it came out right. Two calls at least, however short the time. */
export async function takeTurn(limits: TurnLimits, call: (index: number) => Promise<boolean>): Promise<Turn> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const deadline = startedAt + limits.seconds * 1000
  let next = 0
  let errors = 0
  async function line(): Promise<void> {
    while (next < limits.calls && (next < 2 || performance.now() < deadline)) {
      const index = next
      next += 1
      const calledAt = performance.now()
      if (!(await call(index))) errors += 1
      latencies.push(performance.now() - calledAt)
    }
  }
  await Promise.all(Array.from({ length: limits.concurrency }, line))
  const seconds = (performance.now() - startedAt) / 1000
  return {
    requests: next,
    errors,
    rps: (next - errors) / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

/** Several processes that did one turn together, as one. */
export function together(turns: readonly Turn[]): Turn {
  const sum = (pick: (turn: Turn) => number) => turns.reduce((total, turn) => total + pick(turn), 0)
  return {
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    rps: sum(({ rps }) => rps),
    p50Ms: Math.max(...turns.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...turns.map(({ p99Ms }) => p99Ms)),
  }
}
