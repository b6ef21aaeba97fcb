import { type Contest, type Scenario, sideBySide } from '../contest.ts'
import type { Stage } from '../stage.ts'

/** Another build and where it works. */
export interface Rival {
  readonly name: string
  readonly stage: Stage
}

/** The same scenario with the gateway of another build in the place of the baseline. */
export function against(scenario: Scenario, rival: Rival): Scenario {
  return {
    ...scenario,
    baseline: `the same by ${rival.name}`,
    async open(stage): Promise<Contest> {
      const ours = await scenario.open(stage)
      const theirs = await scenario.open(rival.stage)
      return {
        ...sideBySide(ours.gateway, theirs.gateway),
        rssMb: () => ours.rssMb(),
        async close() {
          await Promise.all([ours.close(), theirs.close()])
        },
      }
    },
  }
}
