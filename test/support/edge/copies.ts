import { LRUCache } from 'lru-cache'
import type { EdgeAnswer } from './edge.ts'
import type { Freshness } from './freshness.ts'
import type { Invalidation } from './invalidation.ts'

/** An answer as a layer holds it. */
export interface Copy {
  /** Where it lies: under its key, by itself what HEAD or a range brought. */
  readonly slot: string
  readonly path: string
  readonly answer: EdgeAnswer
  readonly tags: ReadonlySet<string>
  readonly freshness: Freshness
  /** When its time began, by the edge's clock. */
  readonly sinceMs: number
  /** The origin could not be reached, and this is what the edge says of it. */
  readonly isUnreachable: boolean
  /** Used until then although its time is over: the origin has just failed. */
  spentUntilMs?: number
}

/** What the headers of a copy are taken to cost. */
const OVERHEAD_BYTES = 512

/** What one layer holds; what was used longest ago goes first when it is full. */
export interface Copies {
  find(slot: string): Copy | undefined
  put(copy: Copy): void
  delete(slot: string): void
  forget(isMeant: Invalidation): void
  all(): Copy[]
}

/** An empty layer, bounded in bytes where a bound is given. */
export function createCopies(capacityBytes: number | undefined): Copies {
  const copies = new LRUCache<string, Copy>({
    maxSize: capacityBytes ?? Number.MAX_SAFE_INTEGER,
    sizeCalculation: ({ answer }) => answer.body.length + OVERHEAD_BYTES,
  })
  return {
    find: (slot) => copies.get(slot),
    put: (copy) => void copies.set(copy.slot, copy),
    delete: (slot) => void copies.delete(slot),
    forget(isMeant) {
      const meant = [...copies.entries()].filter(([, { path, tags }]) => isMeant(path, tags))
      for (const [slot] of meant) copies.delete(slot)
    },
    all: () => [...copies.values()],
  }
}
