import type { Stage } from './stage.ts'
import type { Turn } from './turn.ts'

/** One turn of both sides. */
export interface Pair {
  readonly gateway: Turn
  /** What the baseline did, in right answers a second; nothing where it is a mere number. */
  readonly baselineRps?: number
  readonly ratio: number
}

/** One side works for so many seconds. */
export type Side = (seconds: number) => Promise<Turn>

/** Two sides that are ready to take turns. */
export interface Contest {
  /** Lets the gateway and then its baseline work for so many seconds each. */
  play(seconds: number): Promise<Pair>
  /** Lets the gateway alone work: what another build is compared by. */
  readonly gateway: Side
  /** Resident memory of the gateway and its workers, in MB. */
  rssMb(): Promise<number>
  close(): Promise<void>
}

/** A row of the table of scenarios. */
export interface Scenario {
  readonly name: string
  /** What the gateway does. */
  readonly measures: string
  /** What stands beside it; a ratio of 1 is as good as that. */
  readonly baseline: string
  /** Left out unless it is asked for by name. */
  readonly optional?: boolean
  /** Why it cannot be measured here. */
  readonly obstacle?: () => string | undefined
  readonly open: (stage: Stage) => Promise<Contest>
}

/** Two sides that are compared by right answers a second. */
export function sideBySide(gateway: Side, baseline: Side): Pick<Contest, 'gateway' | 'play'> {
  return {
    gateway,
    async play(seconds) {
      const ours = await gateway(seconds)
      const theirs = await baseline(seconds)
      return { gateway: ours, baselineRps: theirs.rps, ratio: ours.rps / theirs.rps }
    },
  }
}
