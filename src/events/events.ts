import { EventSender, type EventSenderOptions } from './event-sender.ts'
import { createHistory } from './history.ts'
import type { EventOutbox } from './media-event.ts'
import { createEventOutbox, silentOutbox } from './outbox.ts'
import { createWebhook } from './webhook.ts'

export interface EventsOptions extends Omit<EventSenderOptions, 'deliver' | 'hasHappened'> {
  /** The webhook; without it nobody is told, and nothing is written. */
  readonly url: string | undefined
  readonly secrets: readonly string[]
  /** For one delivery; at most 10 s, so that no sender outlives its lease. */
  readonly timeoutMs: number
}

export interface Events {
  /** For whoever changes something. */
  readonly outbox: EventOutbox
  /** To be started and closed with the program; none where there is no webhook. */
  readonly sender: EventSender | undefined
}

/** Events of this replica: what is confirmed here is delivered at once, if it is this replica that sends. */
export function createEvents({ url, secrets, timeoutMs, ...options }: EventsOptions): Events {
  if (url === undefined) return { outbox: silentOutbox, sender: undefined }
  const sender = new EventSender({
    ...options,
    deliver: createWebhook({ url, secrets, timeoutMs }),
    hasHappened: createHistory(options.store),
  })
  return { outbox: createEventOutbox({ store: options.store, onConfirmed: () => sender.wake() }), sender }
}
