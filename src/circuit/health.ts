import type { Circuit } from './circuit.ts'
import type { RetryBudget } from './retry-budget.ts'

/** How it stands with whoever is asked: whether they answer, and how often they were asked once more. */
export interface Health {
  readonly circuit: Pick<Circuit, 'state' | 'counts'>
  readonly retries: Pick<RetryBudget, 'take' | 'counts'>
}
