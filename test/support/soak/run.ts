import type { Stage } from './stage.ts'
import type { Stock } from './stock.ts'
import type { Tally } from './tally.ts'
import type { Windows } from './windows.ts'

/** What everybody in a run has in common. */
export interface Run {
  readonly stage: Stage
  readonly stock: Stock
  readonly tally: Tally
  readonly random: () => number
  /** When requests may fail. */
  readonly unwell: Windows
  /** When changes may go unheard; there may be less of it than of the other, or more. */
  readonly unheard: Windows
}

/** One of several, each as likely as often as it stands there. */
export function oneOf<T>(random: () => number, among: readonly T[]): T {
  const chosen = among[Math.floor(random() * among.length)]
  if (chosen === undefined) throw new Error('There is nothing to choose from')
  return chosen
}

export const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
