import type { Circuit, Turn } from './circuit.ts'
import type { RetryBudget } from './retry-budget.ts'

/** What of a store may work while the other does not: a full disk can be read. */
export type Side = 'reads' | 'writes'

/** The circuit of one side has opened, or is closed again. */
export type SideTurn = Turn & { readonly side: Side }

/** How it stands with a store: whether it answers, and how often it was asked once more. */
export interface Health {
  readonly circuits: Readonly<Record<Side, Pick<Circuit, 'state' | 'counts'>>>
  readonly retries: Pick<RetryBudget, 'take' | 'counts'>
}
