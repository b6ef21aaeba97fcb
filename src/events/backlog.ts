import type { ListedObject } from '../storage/object-store.ts'
import { type EventName, PENDING_PREFIX, parseName } from './outbox-entry.ts'

/** Events of one object that are looked at in one pass; the rest waits for the next. */
const MAX_EVENTS = 100

/** The events of an object that wait, first what is to be delivered first. */
export interface Waiting {
  readonly object: string
  readonly events: readonly EventName[]
  /** Whether there are later ones, for another look. */
  readonly hasMore: boolean
}

/** What a listing of the outbox has shown. */
export interface Backlog {
  pending: number
  oldestAtMs: number | undefined
}

/** Groups a listing of the outbox by object, and counts it on the way; what has no name of ours is passed over. */
export async function* groupByObject(
  listing: AsyncIterable<ListedObject>,
  backlog: Backlog,
): AsyncGenerator<Waiting> {
  let group: EventName[] = []
  for await (const { key } of listing) {
    const name = parseName(key.slice(PENDING_PREFIX.length))
    if (name === undefined) continue
    backlog.pending += 1
    backlog.oldestAtMs = Math.min(backlog.oldestAtMs ?? Infinity, name.atMs)
    const first = group[0]
    if (first !== undefined && first.object !== name.object) {
      yield toWaiting(first.object, group)
      group = []
    }
    group.push(name)
  }
  if (group[0] !== undefined) yield toWaiting(group[0].object, group)
}

function toWaiting(object: string, group: readonly EventName[]): Waiting {
  return { object, events: inOrder(group).slice(0, MAX_EVENTS), hasMore: group.length > MAX_EVENTS }
}

/** By revision; those without one in between, by time: they never overtake what came before them on the clock. */
export function inOrder(group: readonly EventName[]): EventName[] {
  const timed = group.filter(({ revision }) => revision === undefined).toSorted(byTime)
  const changes = group
    .filter(({ revision }) => revision !== undefined)
    .toSorted((one, other) => (one.revision ?? 0) - (other.revision ?? 0) || byTime(one, other))
  return changes
    .flatMap((change) => [...timed.splice(0, timed.filter(({ atMs }) => atMs < change.atMs).length), change])
    .concat(timed)
}

const byTime = (one: EventName, other: EventName) => one.atMs - other.atMs
