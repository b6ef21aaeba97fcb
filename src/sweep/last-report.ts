import { z } from 'zod'
import type { ObjectStore } from '../storage/object-store.ts'
import { freed, REPORTS, tally } from './report.ts'

const report = z.object({
  ...tally.shape,
  mode: z.enum(['dry-run', 'delete']),
  endedAt: z.string(),
})

/** What the last sweep freed; of a dry run what a real one would free. */
export interface LastSweep {
  readonly mode: 'dry-run' | 'delete'
  readonly endedAt: string
  readonly objects: number
  readonly bytes: number
}

/** The last sweep that left a report; `undefined` when there is none that can be read. */
export async function findLastSweep(store: ObjectStore): Promise<LastSweep | undefined> {
  let last: string | undefined
  for await (const { key } of store.list(REPORTS)) last = key
  if (last === undefined) return undefined
  const found = await store.get(last)
  if (found.outcome !== 'found') return undefined
  try {
    const { mode, endedAt, ...counted } = report.parse(JSON.parse(found.object.body.toString()))
    return { mode, endedAt, ...freed(counted) }
  } catch (error) {
    // Damaged, or of another release: it tells nothing.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
