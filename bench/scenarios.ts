import type { Scenario } from './contest.ts'
import { GATEWAY_SCENARIOS } from './gateway/scenarios.ts'
import { ORIGIN_SCENARIOS } from './origin/scenarios.ts'
import { UPLOAD_SCENARIOS } from './uploads/scenarios.ts'

/** Everything that can be measured, in the order in which it is. */
export const SCENARIOS: readonly Scenario[] = [...GATEWAY_SCENARIOS, ...ORIGIN_SCENARIOS, ...UPLOAD_SCENARIOS]
