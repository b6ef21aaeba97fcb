import { z } from 'zod'
import { announcePurge, closePurge, type Purge, purgeKey } from '../cdn/forget.ts'
import { EVENT_TYPES, type EventOutbox } from '../events/media-event.ts'
import type { EdgePurges } from '../purging/purging.ts'
import type { ObjectStore } from '../storage/object-store.ts'

const event = z.object({
  id: z.string().min(1),
  type: z.enum(EVENT_TYPES),
  object: z.string().min(1),
  revision: z.int().positive().optional(),
  at: z.iso.datetime(),
  by: z.string(),
  detail: z.record(z.string(), z.unknown()),
})

const recordChange = z.object({
  /** The key of the record. */
  record: z.string().min(1),
  /** Its revision afterwards. */
  revision: z.int().positive(),
  /** Keys of the files that it names before, and not afterwards. */
  files: z.array(z.string().min(1)),
  /** The prefix below which nothing stays, the record included. */
  removes: z.string().min(1).optional(),
  event: event.optional(),
})

/** What is written down of the change of a record before it is made, for whoever has to finish it. */
export type RecordChange = z.infer<typeof recordChange>

/** The change of a record between its announcement and its end; the record's `changes` know it by the same id. */
export interface PendingChange extends Omit<Purge, 'change'> {
  readonly change: RecordChange
}

/** Where a change is announced. */
export interface Announcements {
  readonly store: ObjectStore
  /** Without one, events are left to whoever sends them: an intention is settled by the record. */
  readonly outbox?: EventOutbox | undefined
  /** What follows at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
}

/** Reads the change that a purge is for; `undefined` for what is none. */
export const parseRecordChange = (change: unknown): RecordChange | undefined =>
  recordChange.safeParse(change).data

/** Writes down what follows from a change, before it is made. */
export async function announceChange(
  { store, outbox }: Announcements,
  pending: PendingChange,
  signal?: AbortSignal,
): Promise<void> {
  const { event } = pending.change
  const intend = async () => event && outbox?.intend(event)
  const announce = async () => hasTrace(pending) && announcePurge(store, pending, { signal })
  await Promise.all([intend(), announce()])
}

/** Takes back the announcement of a change that did not happen. */
export async function withdrawChange(
  { store, outbox }: Announcements,
  pending: PendingChange,
): Promise<void> {
  const { event } = pending.change
  if (event) await outbox?.withdraw(event)
  if (hasTrace(pending)) await store.delete([purgeKey(pending.id)])
}

/** Nothing is left to be done of a change but at the edge, if there is one. */
export async function closeChange({ store, edge }: Announcements, pending: PendingChange): Promise<void> {
  if (hasTrace(pending)) await closePurge(store, pending, edge)
}

/** Whether anything but an event follows from it. */
function hasTrace({ paths, change }: PendingChange): boolean {
  return paths.length > 0 || change.files.length > 0 || change.removes !== undefined
}
