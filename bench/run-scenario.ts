import { z } from 'zod'
import type { Pair, Scenario } from './contest.ts'
import type { Stage } from './stage.ts'
import { median, rounded, spread } from './statistics.ts'

/** What scripts read: medians of the turns, ratios pair by pair. Milliseconds, megabytes. */
export const resultSchema = z
  .object({
    name: z.string(),
    requests: z.int(),
    errors: z.int(),
    rps: z.number(),
    p50_ms: z.number(),
    p99_ms: z.number(),
    rss_mb: z.number(),
    ratio: z.number(),
    spread: z.object({ min: z.number(), max: z.number() }).readonly(),
    /** Right answers a second of the baseline; `null` where it is a mere number. */
    baseline_rps: z.number().nullable(),
  })
  .readonly()

export type Result = z.infer<typeof resultSchema>

export interface TurnOptions {
  readonly turns: number
  readonly seconds: number
}

/** Lets both sides of a scenario take turns, A B A B …, and sums up. */
export async function runScenario(scenario: Scenario, stage: Stage, options: TurnOptions): Promise<Result> {
  const contest = await scenario.open(stage)
  try {
    // Not counted: what is measured is compiled code and open connections.
    await contest.play(options.seconds)
    const pairs: Pair[] = []
    let rssMb = 0
    for (let turn = 0; turn < options.turns; turn += 1) {
      pairs.push(await contest.play(options.seconds))
      rssMb = Math.max(rssMb, await contest.rssMb())
    }
    return sumUp(scenario.name, pairs, rssMb)
  } finally {
    await contest.close()
  }
}

/** Many turns as one result. */
export function sumUp(name: string, pairs: readonly Pair[], rssMb: number): Result {
  const middle = (pick: (pair: Pair) => number) => median(pairs.map(pick))
  const total = (pick: (pair: Pair) => number) => pairs.reduce((sum, pair) => sum + pick(pair), 0)
  const { min, max } = spread(pairs.map(({ ratio }) => ratio))
  const baselines = pairs.flatMap(({ baselineRps }) => baselineRps ?? [])
  return {
    name,
    requests: total(({ gateway }) => gateway.requests),
    errors: total(({ gateway }) => gateway.errors),
    rps: rounded(
      middle(({ gateway }) => gateway.rps),
      1,
    ),
    p50_ms: rounded(
      middle(({ gateway }) => gateway.p50Ms),
      2,
    ),
    p99_ms: rounded(
      middle(({ gateway }) => gateway.p99Ms),
      2,
    ),
    rss_mb: rounded(rssMb, 1),
    ratio: rounded(
      middle(({ ratio }) => ratio),
      3,
    ),
    spread: { min: rounded(min, 3), max: rounded(max, 3) },
    baseline_rps: baselines.length === 0 ? null : rounded(median(baselines), 1),
  }
}
