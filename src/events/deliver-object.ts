import type { Clock } from '../leases/clock.ts'
import { putSettled } from '../leases/put-settled.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'
import type { Waiting } from './backlog.ts'
import type { HasHappened } from './history.ts'
import type { MediaEvent } from './media-event.ts'
import {
  DEAD_PREFIX,
  type EventName,
  formatEntry,
  type OutboxEntry,
  PENDING_PREFIX,
  parseEntry,
} from './outbox-entry.ts'
import type { Deliver } from './webhook.ts'

/** What has become of a delivery, for metrics and log. */
export interface Attempt {
  readonly outcome: 'delivered' | 'failed' | 'dead'
  readonly event: MediaEvent
  /** How often it has failed. */
  readonly failures: number
  readonly reason?: string
}

export interface DeliveryOptions {
  readonly store: ObjectStore
  readonly deliver: Deliver
  readonly hasHappened: HasHappened
  /** Its wall is the store's. */
  readonly clock: Clock
  /** Failed deliveries after which an event is given up. */
  readonly maxAttempts: number
  readonly onAttempt: (attempt: Attempt) => void
}

/** Throws when somebody else is the sender now; asked before each delivery. */
type KeepLease = () => Promise<void>

/** An intention is younger than this while its change is being made: its record is not asked. */
const SETTLE_AFTER_MS = 5_000
/** No change takes so long: an intention that its record does not know by then was not carried out. */
const ABANDON_AFTER_MS = 600_000
const FIRST_RETRY_MS = 5_000
const LONGEST_RETRY_MS = 2 * 3_600_000

/** What follows for the other events of the object: the next one's turn, or they wait for so long at least. */
type Step = 'next' | { readonly waitMs: number }

/**
 * Delivers the events of an object one after another. Returns for how long the next one has to wait at least, if one
 * has to. `record_invalid` when an event or its record cannot be understood.
 */
export async function deliverObject(
  { events }: Waiting,
  options: DeliveryOptions,
  keepLease: KeepLease,
): Promise<number | undefined> {
  for (const [index, name] of events.entries()) {
    const isOvertaken = events.slice(index + 1).some(({ revision }) => revision !== undefined)
    const step = await deliverNext(name, { ...options, keepLease, isOvertaken })
    if (step !== 'next') return step.waitMs
  }
  return undefined
}

interface Turn extends DeliveryOptions {
  readonly keepLease: KeepLease
  /** Whether a later change of the same record has been announced. */
  readonly isOvertaken: boolean
}

/** An entry as it was read, to be changed only if it still is. */
interface Read {
  readonly key: string
  readonly name: EventName
  readonly etag: string
  readonly entry: OutboxEntry
}

async function deliverNext(name: EventName, turn: Turn): Promise<Step> {
  const key = PENDING_PREFIX + name.name
  const found = await turn.store.get(key)
  if (found.outcome !== 'found') return 'next'
  const read = { key, name, etag: found.object.etag, entry: parseEntry(found.object) }
  if (read.entry.state === 'confirmed') return attempt(read, turn)
  const settled = await settle(read, found.object, turn)
  return typeof settled === 'object' && 'etag' in settled ? attempt(settled, turn) : settled
}

/** Finds out what has become of an intention whose writer has not said so. */
async function settle(read: Read, { lastModified }: StoredObject, turn: Turn): Promise<Step | Read> {
  const { store, clock, isOvertaken, hasHappened } = turn
  const { event } = read.entry
  const ageMs = clock.now() - lastModified.getTime()
  // Where no record tells, only time does.
  const mayBeAsked = event.revision === undefined ? ageMs >= ABANDON_AFTER_MS : ageMs >= SETTLE_AFTER_MS
  if (!mayBeAsked && !(isOvertaken && event.revision !== undefined)) return { waitMs: 0 }
  const verdict = await hasHappened(event)
  if (verdict === 'undecided' && ageMs < ABANDON_AFTER_MS) return { waitMs: 0 }
  if (verdict !== 'happened') {
    await store.delete([read.key], { ifMatch: read.etag })
    return 'next'
  }
  const entry = { ...read.entry, state: 'confirmed' as const }
  const put = await putSettled(store, read.key, formatEntry(entry), { ifMatch: read.etag })
  return put.outcome === 'stored' ? { ...read, entry, etag: put.etag } : { waitMs: 0 }
}

async function attempt(read: Read, turn: Turn): Promise<Step> {
  const { clock, store, onAttempt } = turn
  const { entry, key, etag } = read
  const restMs = Date.parse(entry.nextAttemptAt ?? '') - clock.now()
  if (restMs > 0) return { waitMs: restMs }
  await turn.keepLease()
  const delivery = await turn.deliver(entry.event, clock.now())
  if (delivery.outcome === 'failed') return retryLater(read, turn, delivery)
  await store.delete([key], { ifMatch: etag })
  onAttempt({ outcome: 'delivered', event: entry.event, failures: entry.attempts })
  return 'next'
}

async function retryLater(
  { entry, key, name, etag }: Read,
  { clock, store, maxAttempts, onAttempt }: Turn,
  { reason, retryAfterMs = 0 }: { readonly reason: string; readonly retryAfterMs?: number | undefined },
): Promise<Step> {
  const attempts = entry.attempts + 1
  const failed = { ...entry, attempts, lastFailure: reason }
  const told = { event: entry.event, failures: attempts, reason }
  if (attempts >= maxAttempts) {
    const { nextAttemptAt: _over, ...dead } = failed
    await store.put(DEAD_PREFIX + name.name, formatEntry(dead), { contentType: 'application/json' })
    await store.delete([key], { ifMatch: etag })
    onAttempt({ ...told, outcome: 'dead' })
    return 'next'
  }
  const waitMs = Math.max(backoffMs(attempts), retryAfterMs)
  const nextAttemptAt = new Date(clock.now() + waitMs).toISOString()
  // Whoever has changed it meanwhile has not delivered it: it is tried again all the same.
  await putSettled(store, key, formatEntry({ ...failed, nextAttemptAt }), { ifMatch: etag })
  onAttempt({ ...told, outcome: 'failed' })
  return { waitMs }
}

/** Doubles from 5 s to 2 h; half of it by chance, so that objects that failed together do not come back together. */
function backoffMs(attempts: number): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 30))
  return longest * (0.5 + 0.5 * Math.random())
}
