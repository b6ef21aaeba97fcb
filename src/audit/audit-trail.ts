import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { putSettled } from '../leases/put-settled.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AuditEntry, AuditTrail } from './audit.ts'
import { AUDIT_PREFIX, formatKeyTime, type TrailEntry } from './trail-entry.ts'

export interface AuditTrailOptions {
  readonly store: Pick<ObjectStore, 'get' | 'put'>
  /** Tells the objects of one replica from those of others: letters, digits, `-`, `_` and `.`. Random by default. */
  readonly replica?: string
  /** Milliseconds since 1970, by which entries are dated. */
  readonly now?: () => number
  /** How long the first entry of a batch waits for others, where no batch is in the air. */
  readonly lingerMs?: number
}

interface Waiting {
  readonly entry: TrailEntry
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const LINGER_MS = 5
/** Entries that a batch has at most. */
const MAX_BATCH = 1_000
/** Entries that wait at most; beyond, requests are refused. */
const MAX_WAITING = 20_000

/**
 * A trail in the bucket: batches of entries as objects that are only ever created. Entries that come together, or while a
 * batch is in the air, share the next one; a batch that cannot be written fails all whose entries are in it.
 */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  const { now = Date.now, lingerMs = LINGER_MS } = options
  const replica = options.replica ?? randomBytes(6).toString('hex')
  if (!/^[\w.-]{1,64}$/.test(replica)) throw new TypeError(`Not a name of a replica: ${replica}`)
  let waiting: Waiting[] = []
  let isWriting = false

  async function record(entry: AuditEntry): Promise<void> {
    if (waiting.length >= MAX_WAITING) {
      throw new GatewayError('overloaded', 'Too many entries wait for the audit trail: try again')
    }
    const line = { at: new Date(now()).toISOString(), ...entry }
    const written = new Promise<void>((resolve, reject) => waiting.push({ entry: line, resolve, reject }))
    if (!isWriting) void writeAll()
    await written
  }

  /** Never rejects: failures go to those who wait for the batch. */
  async function writeAll(): Promise<void> {
    isWriting = true
    await new Promise((resolve) => setTimeout(resolve, lingerMs))
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      try {
        await writeBatch(batch.map(({ entry }) => entry))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isWriting = false
  }

  async function writeBatch(entries: readonly TrailEntry[]): Promise<void> {
    const name = `${formatKeyTime(now())}-${replica}-${randomBytes(8).toString('hex')}.ndjson`
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    const put = await putSettled(options.store, AUDIT_PREFIX + name, Buffer.from(lines), {
      contentType: 'application/x-ndjson',
      ifNoneMatch: '*',
    })
    if (put.outcome === 'stored') return
    throw new GatewayError('internal', 'The audit trail could not be written', {
      cause: new Error(`${name} is there already, with other bytes`),
    })
  }

  return { record }
}
