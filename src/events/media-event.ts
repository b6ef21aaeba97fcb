/** What has happened, for those who keep metadata elsewhere. */
export const EVENT_TYPES = [
  'media.created',
  'media.replaced',
  'media.reordered',
  'media.deleted',
  'document.read',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface MediaEvent {
  /** Random; the same however often it is delivered. */
  readonly id: string
  readonly type: EventType
  /** What it happened to: `items/42`, `profiles/7`, `verification/7`. Events of one object are delivered in order. */
  readonly object: string
  /** The revision of the object's record that the change made; what changes no record has none. */
  readonly revision?: number | undefined
  /** ISO 8601. */
  readonly at: string
  readonly by: string
  /** What changed: photo ids, document id, new order. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** Events between a change and their delivery; they are in the bucket, and outlive this process. */
export interface EventOutbox {
  /** Written before the change: if we die in the change, somebody will ask the record whether it happened. */
  intend(event: MediaEvent): Promise<void>
  /** The change has happened: the event may be delivered. */
  confirm(event: MediaEvent): Promise<void>
  /** The change did not happen. */
  withdraw(event: MediaEvent): Promise<void>
}
