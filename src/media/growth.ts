import { z } from 'zod'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Amount } from './statistics.ts'

const PREFIX = 'system/statistics/'
const DAY_MS = 86_400_000
const COMPARED_DAYS = 30

const snapshot = z.object({ objects: z.int().nonnegative(), bytes: z.int().nonnegative() })

/** How much more there is than on a day before. */
export interface Growth {
  /** The day, `YYYY-MM-DD`. */
  readonly since: string
  /** Fewer than then: negative. */
  readonly objects: number
  readonly bytes: number
}

/**
 * Keeps what was counted today, once a day, and compares it with the last day that was kept at least 30 days ago, or with
 * the oldest one; `undefined` while there is none.
 */
export async function noteGrowth(
  store: ObjectStore,
  { objects, bytes }: Amount,
  now: Date,
): Promise<Growth | undefined> {
  const today = dayOf(now)
  const kept: string[] = []
  for await (const { key } of store.list(PREFIX)) kept.push(key.slice(PREFIX.length, -'.json'.length))
  if (!kept.includes(today)) {
    const body = Buffer.from(JSON.stringify({ objects, bytes }))
    // Another replica may be first; either count will do.
    await store.put(keyOf(today), body, { contentType: 'application/json', ifNoneMatch: '*' })
  }
  const limit = dayOf(new Date(now.getTime() - COMPARED_DAYS * DAY_MS))
  const since = kept.findLast((day) => day <= limit) ?? kept.find((day) => day < today)
  if (since === undefined) return undefined
  const then = await readSnapshot(store, since)
  return then && { since, objects: objects - then.objects, bytes: bytes - then.bytes }
}

async function readSnapshot(store: ObjectStore, day: string): Promise<Amount | undefined> {
  const found = await store.get(keyOf(day), { maxBytes: 10_000 })
  if (found.outcome !== 'found') return undefined
  try {
    return snapshot.parse(JSON.parse(found.object.body.toString()))
  } catch (error) {
    // Damaged: there is nothing to compare with.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

const keyOf = (day: string): string => `${PREFIX}${day}.json`
const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
