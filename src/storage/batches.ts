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

/** What is worked on, and by how many at once. */
export interface Flow<T> {
  readonly pieces: AsyncIterable<T>
  readonly width: number
  /** Told of the first failure while others are under way, so that it can stop them and the source of the pieces. */
  readonly onFailure: (reason: unknown) => void
}

/** Works on pieces as they come, `width` at a time; ends, well or not, when none is under way any more. */
export async function inFlight<T>(
  { pieces, width, onFailure }: Flow<T>,
  work: (piece: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  try {
    for await (const piece of pieces) {
      const working = work(piece).finally(() => underWay.delete(working))
      underWay.add(working)
      // It is awaited below; until then nobody may be looking.
      working.catch(onFailure)
      if (underWay.size >= width) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  } finally {
    await Promise.allSettled(underWay)
  }
}

/** Refuses a condition on more than one key: it can hold for one version only. It is the caller who is wrong. */
export function checkDelete(keys: readonly string[], options?: DeleteOptions): void {
  if (options?.ifMatch !== undefined && keys.length !== 1)
    throw new TypeError('A delete with a condition takes one key')
}
