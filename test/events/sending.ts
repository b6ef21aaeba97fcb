import type { Attempt } from '../../src/events/deliver-object.ts'
import { EventSender, type EventSenderOptions } from '../../src/events/event-sender.ts'
import { createHistory } from '../../src/events/history.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { createWebhook } from '../../src/events/webhook.ts'
import type { MediaEvent } from '../../src/events/media-event.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { SECRET } from './receiver.ts'

/** A sender to a receiver, and what it said on the way. */
export function createSender(
  options: Pick<EventSenderOptions, 'store' | 'clock'> &
    Partial<EventSenderOptions> & { readonly url: string },
) {
  const { url, ...rest } = options
  const attempts: Attempt[] = []
  const failures: unknown[] = []
  const sender = new EventSender({
    deliver: createWebhook({ url, secrets: [SECRET], timeoutMs: 5_000 }),
    hasHappened: createHistory(options.store),
    maxAttempts: 30,
    intervalMs: 1_000,
    onAttempt: (attempt) => attempts.push(attempt),
    onFailure: (error) => failures.push(error),
    ...rest,
  })
  return { sender, attempts, failures }
}

/** Puts events into the outbox whose changes have happened. */
export async function confirmAll(store: ObjectStore, events: readonly MediaEvent[]): Promise<void> {
  const outbox = createEventOutbox({ store })
  for (const event of events) {
    await outbox.intend(event)
    await outbox.confirm(event)
  }
}
