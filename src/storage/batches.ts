import type { DeleteOptions } from './object-store.ts'

/** How many keys one DeleteObjects takes, and one page of a listing has. */
export const batchSize = 1000

/** The items in order, in arrays of at most `batchSize`. */
export function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += batchSize) yield items.slice(start, start + batchSize)
}

/** Works on all items, `width` at a time; fails with the first failure when none is under way any more. */
export async function inParallel<T>(
  width: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const lane = async () => {
    for (const item of queue) await work(item)
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
}

/** Refuses a condition on more than one key: it can hold for one version only. It is the caller who is wrong. */
export function checkDelete(keys: readonly string[], options?: DeleteOptions): void {
  if (options?.ifMatch !== undefined && keys.length !== 1)
    throw new TypeError('A delete with a condition takes one key')
}
