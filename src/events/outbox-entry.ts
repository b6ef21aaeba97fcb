import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import type { StoredObject } from '../storage/object-store.ts'
import { EVENT_TYPES, type MediaEvent } from './media-event.ts'

/** Events that wait; in each folder those of one object. */
export const PENDING_PREFIX = 'system/events/pending/'
/** Events that were given up. */
export const DEAD_PREFIX = 'system/events/dead/'
export const EVENTS_LEASE_KEY = 'system/events/lease.json'

const mediaEvent = z.object({
  id: z.string().min(1),
  type: z.enum(EVENT_TYPES),
  object: z.string().min(1),
  revision: z.int().nonnegative().optional(),
  at: z.iso.datetime(),
  by: z.string(),
  detail: z.record(z.string(), z.unknown()),
})

const outboxEntry = z.object({
  /** Whether the change has happened: only then may anybody hear of it. */
  state: z.enum(['intended', 'confirmed']),
  event: mediaEvent,
  /** Deliveries that failed. */
  attempts: z.int().nonnegative().default(0),
  nextAttemptAt: z.iso.datetime().optional(),
  lastFailure: z.string().optional(),
})

/** An event in the bucket, and what has become of it so far. */
export type OutboxEntry = z.infer<typeof outboxEntry>

/** What the key of an event tells without its bytes. */
export interface EventName {
  /** The part of the key behind its prefix: the same while it waits and when it was given up. */
  readonly name: string
  readonly object: string
  readonly revision: number | undefined
  readonly atMs: number
  readonly id: string
}

/** An entry whose change has not been made yet. */
export const intentionOf = (event: MediaEvent): OutboxEntry => ({ state: 'intended', event, attempts: 0 })

export function formatEntry(entry: OutboxEntry): Buffer {
  return Buffer.from(JSON.stringify(entry))
}

/** What an object of the outbox says; `record_invalid` when it cannot be understood. */
export function parseEntry({ key, body }: StoredObject): OutboxEntry {
  try {
    return outboxEntry.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new GatewayError('record_invalid', `The event ${key} cannot be understood`, { cause })
  }
}

/** What stands in the place of a revision where there is none. */
const NO_REVISION = '-'
const safeId = /^[A-Za-z0-9_-]{1,64}$/
const namePattern = /^([^/]+)\/(\d{12}|-)_(\d{15})_([A-Za-z0-9_-]{1,64})\.json$/

/** The name of an event: those of one object side by side, by revision, then by time. */
export function nameOf({ object, revision, at, id }: MediaEvent): string {
  if (!safeId.test(id)) throw new TypeError(`Not an id of an event: ${JSON.stringify(id)}`)
  const order = revision === undefined ? NO_REVISION : String(revision).padStart(12, '0')
  const time = String(Date.parse(at)).padStart(15, '0')
  return `${encodeURIComponent(object)}/${order}_${time}_${id}.json`
}

/** What a name says; `undefined` when it is no name that we give. */
export function parseName(name: string): EventName | undefined {
  const [, folder, order, time, id] = namePattern.exec(name) ?? []
  if (folder === undefined || order === undefined || id === undefined) return undefined
  const object = decoded(folder)
  if (object === undefined) return undefined
  return {
    name,
    object,
    revision: order === NO_REVISION ? undefined : Number(order),
    atMs: Number(time),
    id,
  }
}

function decoded(folder: string): string | undefined {
  try {
    return decodeURIComponent(folder)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
