import {
  costOf,
  collapse,
  type EdgeCost,
  edgeItems,
  type EdgeItemsOptions,
  isWildcard,
} from './edge-items.ts'
import type { EdgeItem } from './purging.ts'
import type { Due } from './queue.ts'

/** What is to be sent next, in calls that the edge can take, and the purges that it stands for. */
export interface Plan {
  readonly calls: readonly (readonly EdgeItem[])[]
  readonly dues: readonly Due[]
}

export interface PlanOptions extends EdgeItemsOptions {
  /** The most that a call may hold. */
  readonly most: EdgeCost
  /** Whether so much may wait; else all of it is sent as the few wildcards that cover it. */
  readonly isBearable: (cost: EdgeCost) => boolean
}

/**
 * Takes as many purges as one call can hold: the oldest, and then what fits beside it, so that nothing waits for
 * wildcards but wildcards. One that is more than a call makes several.
 */
export function planCalls(dues: readonly Due[], options: PlanOptions): Plan {
  const all = new Set(dues.flatMap((due) => itemsOf(due, options)))
  const cost = costOf(all)
  if (!fits(cost, options.most) && !options.isBearable(cost))
    return { calls: cut(collapse([...all], options), options.most), dues }
  const taken = fits(cost, options.most) ? dues : oldestOf(dues, options)
  return { calls: cut(edgeItems(taken, options), options.most), dues: taken }
}

function oldestOf(dues: readonly Due[], options: PlanOptions): readonly Due[] {
  const { most } = options
  const taken: Due[] = []
  const items = new Set<EdgeItem>()
  let cost = costOf([])
  for (const due of dues) {
    const more = itemsOf(due, options).filter((item) => !items.has(item))
    const whole = sum(cost, costOf(more))
    if (taken.length > 0 && !fits(whole, most)) continue
    taken.push(due)
    for (const item of more) items.add(item)
    cost = whole
  }
  return taken
}

/** The items of purges that wait, so that those of thousands are not worked out anew for each call. */
const known = new WeakMap<Due, readonly EdgeItem[]>()

function itemsOf(due: Due, options: EdgeItemsOptions): readonly EdgeItem[] {
  const items = known.get(due) ?? edgeItems([due], options)
  known.set(due, items)
  return items
}

function cut(items: readonly EdgeItem[], most: EdgeCost): readonly (readonly EdgeItem[])[] {
  const calls: EdgeItem[][] = []
  let room: { items: number; wildcards: number } = { items: 0, wildcards: 0 }
  for (const item of items) {
    const wildcards = isWildcard(item) ? 1 : 0
    if (room.items < 1 || room.wildcards < wildcards) {
      calls.push([])
      room = { ...most }
    }
    calls.at(-1)?.push(item)
    room.items -= 1
    room.wildcards -= wildcards
  }
  return calls
}

const sum = (one: EdgeCost, other: EdgeCost): EdgeCost => ({
  items: one.items + other.items,
  wildcards: one.wildcards + other.wildcards,
})

const fits = (cost: EdgeCost, most: EdgeCost) => cost.items <= most.items && cost.wildcards <= most.wildcards
