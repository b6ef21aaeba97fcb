import { z } from 'zod'
import type { ObjectStore } from '../storage/object-store.ts'
import { tally } from './report.ts'

const KEY = 'system/sweep/progress.json'

const progress = z.object({
  startedAt: z.iso.datetime(),
  /** The prefix in work. */
  prefix: z.string(),
  /** The last key under it that is done; none at its beginning. */
  after: z.string().optional(),
  tally,
})

/** How far a sweep has come, for whoever goes on with it. */
export type Progress = z.infer<typeof progress>

/** How far a sweep came that did not end; `undefined` when there is none that can be gone on with. */
export async function readProgress(store: Pick<ObjectStore, 'get'>): Promise<Progress | undefined> {
  const read = await store.get(KEY)
  if (read.outcome !== 'found') return undefined
  try {
    return progress.parse(JSON.parse(read.object.body.toString('utf8')))
  } catch (error) {
    // Of another release, or cut: sweeping from the beginning does the same.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Keeps how far the sweep has come. */
export async function writeProgress(store: Pick<ObjectStore, 'put'>, progress: Progress): Promise<void> {
  await store.put(KEY, Buffer.from(JSON.stringify(progress)), {
    contentType: 'application/json',
    cacheControl: 'no-store',
  })
}

/** A sweep that has ended is not gone on with. */
export async function clearProgress(store: Pick<ObjectStore, 'delete'>): Promise<void> {
  await store.delete([KEY])
}
