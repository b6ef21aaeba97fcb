import { GatewayError } from '../errors.ts'
import { putSettled } from '../leases/put-settled.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { EventOutbox, MediaEvent } from './media-event.ts'
import { formatEntry, intentionOf, nameOf, PENDING_PREFIX, parseEntry } from './outbox-entry.ts'

export interface OutboxOptions {
  readonly store: Pick<ObjectStore, 'get' | 'put' | 'delete'>
  /** Called when there is something to deliver, so that a sender in this process need not wait for its next look. */
  readonly onConfirmed?: (() => void) | undefined
}

/** Looks at what somebody else has made of an event before giving up. */
const MAX_LOOKS = 5

/** Where nobody is to be told: nothing is written. */
export const silentOutbox: EventOutbox = {
  intend: async () => {},
  confirm: async () => {},
  withdraw: async () => {},
}

/** An outbox in the bucket: one object an event, changed by conditional writes, removed when it is delivered. */
export function createEventOutbox({ store, onConfirmed }: OutboxOptions): EventOutbox {
  /** The versions that we have written, so that confirming and withdrawing need no look. */
  const etags = new WeakMap<MediaEvent, string>()

  async function intend(event: MediaEvent): Promise<void> {
    const key = keyOf(event)
    const put = await putSettled(store, key, formatEntry(intentionOf(event)), { ifNoneMatch: '*' })
    if (put.outcome !== 'stored') {
      throw new GatewayError('conflict', 'This change has been announced before', { cause: new Error(key) })
    }
    etags.set(event, put.etag)
  }

  async function confirm(event: MediaEvent): Promise<void> {
    const key = keyOf(event)
    const body = formatEntry({ ...intentionOf(event), state: 'confirmed' })
    let etag = etags.get(event)
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      // Gone: a sender took us for dead, and has withdrawn or delivered it. Once more is harmless, never is not.
      const condition = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag }
      const put = await putSettled(store, key, body, condition)
      if (put.outcome === 'stored') return onConfirmed?.()
      const there = await store.get(key)
      if (there.outcome === 'found' && parseEntry(there.object).state === 'confirmed') return onConfirmed?.()
      etag = there.outcome === 'found' ? there.object.etag : undefined
    }
    throw new GatewayError('overloaded', 'Too many writers change an event at once: try again')
  }

  async function withdraw(event: MediaEvent): Promise<void> {
    const key = keyOf(event)
    const etag = etags.get(event)
    await store.delete([key], etag === undefined ? {} : { ifMatch: etag })
  }

  return { intend, confirm, withdraw }
}

const keyOf = (event: MediaEvent) => PENDING_PREFIX + nameOf(event)
