import type { Renderer } from '../render/renderer.ts'
import type { FairBudget } from './fair-budget.ts'
import type { PictureCosts } from './picture-cost.ts'

export interface MemoryBounds {
  /** Bytes of memory in workers. */
  readonly working: Pick<FairBudget, 'use'>
  readonly costs: Pick<PictureCosts, 'memoryOf'>
}

/** What comes in has a share of the memory, beside all dialects that hand out. */
const UPLOADS = { owners: { dialect: 'uploads' }, isBackground: false } as const
const WHOLE = { facts: 'info.json' } as const

/** The same renderer, which decodes what comes in when there is memory for it. */
export function withinMemory(
  renderer: Pick<Renderer, 'inspect' | 'examine'>,
  { working, costs }: MemoryBounds,
): Pick<Renderer, 'inspect' | 'examine'> {
  return {
    // Reads a header, no more.
    inspect: async (source, signal) => renderer.inspect(source, signal),
    examine: async (source, signal) =>
      working.use(costs.memoryOf(source, WHOLE), async () => renderer.examine(source, signal), {
        asker: UPLOADS,
        signal,
      }),
  }
}
