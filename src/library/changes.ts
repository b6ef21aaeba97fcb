import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import type { EventType } from '../events/media-event.ts'
import { CHANGES_KEPT } from '../media/records.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { isStamped } from '../storage/stamp.ts'
import { finishChange } from './aftermath.ts'
import { InTurn } from './in-turn.ts'
import type { ChangeOptions } from './library.ts'
import { type Announcements, announceChange, type PendingChange, withdrawChange } from './pending-change.ts'
import { hasSeen, readRecordState } from './record-state.ts'

export interface ChangesOptions extends Announcements {
  /** Rejects where nothing may be changed. */
  readonly assertWritable: () => Promise<void>
  /** Called when a change is made and something that follows from it failed: whoever hears of it goes on with it. */
  readonly onUnfinished: (error: unknown, pending: PendingChange) => void
  /** Called as soon as a change is in its record, with the paths that it changes: others hear of it from the journal. */
  readonly onChanged?: ((paths: readonly string[]) => void) | undefined
}

interface NamedFile {
  readonly key: string
  readonly etag: string
}

interface RecordBase {
  readonly revision: number
  readonly changes?: readonly { revision: number; id: string; unnamed?: string[] | undefined }[] | undefined
}

/** One record: where it lies, how it is understood, and what follows from a change of it. */
export interface Target<R extends RecordBase> {
  readonly key: string
  /** What it is the record of, as events call it; the keys of its files begin with it. */
  readonly object: string
  /** `undefined` for what is no record of this object. */
  readonly parse: (value: unknown) => R | undefined
  /** The files that it names and that go when it no longer does. */
  readonly filesOf: (record: R) => readonly NamedFile[]
  readonly forgets: (before: R | undefined, after: R) => Pick<PendingChange, 'paths' | 'stale'>
}

/** What is to be made of a record. */
export interface Edit<R> {
  /** The record afterwards, or the same one to leave it. `wait`: somebody else has to finish first. Throws refusals. */
  readonly apply: (before: R | undefined) => R | 'wait'
  readonly event?: (after: R, before: R | undefined) => { type: EventType; detail: Record<string, unknown> }
  /** Asked before the first record of an object is written; rejects where there must be none. */
  readonly assertVacant?: () => Promise<void>
  /** Nothing of the object stays, the record included. */
  readonly removes?: boolean
}

/** Writers of one record that lose against each other try again so often, after pauses at random of up to a second. */
const MAX_ATTEMPTS = 40
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000
/** Pauses while somebody else finishes: two or three seconds in all. */
const MAX_WAITS = 10

interface Planned<R> {
  readonly record: R
  readonly pending: PendingChange
  /** Files that it names and did not name before. */
  readonly added: readonly NamedFile[]
}

function assertRevision(record: RecordBase | undefined, { ifRevision }: ChangeOptions): void {
  if (ifRevision === undefined || record?.revision === ifRevision) return
  throw new GatewayError('precondition_failed', 'The record has changed: read it again')
}

/** Makes changes of records in the order of design §4, "Change and forget": the only place that writes them. */
export class Changes {
  readonly #options: ChangesOptions
  readonly #turns = new InTurn()

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /** Resolves with the record as committed, when replicas and bucket have forgotten what it changed. */
  async make<R extends RecordBase>(target: Target<R>, edit: Edit<R>, options: ChangeOptions): Promise<R> {
    await this.#options.assertWritable()
    const made = await this.#turns.run(target.key, async () => this.#commit(target, edit, options))
    if (made.pending === undefined) return made.record
    this.#options.onChanged?.(made.pending.paths)
    try {
      await finishChange(this.#options, made.pending)
    } catch (error) {
      // The change is made: whoever asked for it must not be told otherwise.
      this.#options.onUnfinished(error, made.pending)
    }
    return made.record
  }

  async #commit<R extends RecordBase>(
    target: Target<R>,
    edit: Edit<R>,
    options: ChangeOptions,
  ): Promise<Pick<Planned<R>, 'record'> & { pending?: PendingChange }> {
    const { signal } = options
    let waits = 0
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
      if (attempt > 0) await pause(longest * Math.random(), undefined, { signal })
      const read = await readRecord(this.#options.store, target, signal)
      assertRevision(read?.record, options)
      const after = edit.apply(read?.record)
      if (after === 'wait') {
        waits += 1
        if (waits > MAX_WAITS)
          throw new GatewayError('conflict', `${target.object} is being deleted: try again later`)
        continue
      }
      if (after === read?.record) return { record: after }
      if (read === undefined) await edit.assertVacant?.()
      const planned = plan(target, edit, { read, after, by: options.by })
      await this.#assertFiles(planned.added, signal)
      await announceChange(this.#options, planned.pending, signal)
      if (await this.#write(planned, read?.etag, signal)) return planned
      await withdrawChange(this.#options, planned.pending)
    }
    throw new GatewayError('overloaded', `Too many writers change ${target.object} at once: try again`)
  }

  /** A file that was removed since it came in must not be named. */
  async #assertFiles(files: readonly NamedFile[], signal?: AbortSignal): Promise<void> {
    for (const { key, etag } of files) {
      const facts = await this.#options.store.head(key, { signal })
      if (facts?.etag !== etag) throw new GatewayError('conflict', 'The file is not there any more')
    }
  }

  /** Writes the record over the version that was read; false when another writer was first. */
  async #write<R>(
    { record, pending }: Planned<R>,
    etag: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { key, body } = { key: pending.change.record, body: Buffer.from(JSON.stringify(record)) }
    const options = { contentType: 'application/json', cacheControl: 'no-store', signal }
    const condition = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag }
    try {
      const put = await this.#options.store.put(key, body, { ...options, ...condition })
      return put.outcome === 'stored' || (await this.#hasLanded(pending))
    } catch (error) {
      // It may have been written all the same. If that cannot be told, the announcement stays, and the sweep looks.
      const [landed] = await Promise.allSettled([this.#hasLanded(pending)])
      if (landed.status === 'fulfilled' && landed.value) return true
      throw error
    }
  }

  /** Whether a write whose answer was lost, or that was repeated and so conflicted with itself, is in the record. */
  async #hasLanded({ id, change }: PendingChange): Promise<boolean> {
    const state = await readRecordState(this.#options.store, change.record)
    return state !== undefined && hasSeen(state, { id, revision: change.revision }) === true
  }
}

interface ReadRecord<R> {
  readonly record: R
  readonly etag: string
  /** Whether Halftone wrote it, and no other program. */
  readonly isOwn: boolean
}

/** A record and its version, as somebody reads who is not about to change it; `undefined` when there is none. */
export async function readRecord<R extends RecordBase>(
  store: Pick<ObjectStore, 'get'>,
  target: Pick<Target<R>, 'key' | 'parse'>,
  signal?: AbortSignal,
): Promise<ReadRecord<R> | undefined> {
  const read = await store.get(target.key, { signal })
  if (read.outcome !== 'found') return undefined
  const { body, etag, metadata } = read.object
  const record = parseJson(body, target)
  if (record === undefined)
    throw new GatewayError('record_invalid', `The record ${target.key} cannot be understood`)
  return { record, etag, isOwn: isStamped(metadata) }
}

function parseJson<R extends RecordBase>(body: Buffer, { parse }: Pick<Target<R>, 'parse'>): R | undefined {
  try {
    return parse(JSON.parse(body.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function plan<R extends RecordBase>(
  target: Target<R>,
  edit: Edit<R>,
  { read, after, by }: { read: ReadRecord<R> | undefined; after: R; by: string },
): Planned<R> {
  const { key, object } = target
  const before = read?.record
  const id = randomUUID()
  const revision = (before?.revision ?? 0) + 1
  const [old, named] = [before === undefined ? [] : target.filesOf(before), target.filesOf(after)]
  const added = missingFrom(old, named)
  const files = missingFrom(named, old).map((file) => file.key)
  const history = before?.changes ?? []
  const removed = new Set(history.flatMap(({ unnamed = [] }) => unnamed))
  if (added.some((file) => removed.has(traceOf(file.key))))
    throw new GatewayError('conflict', 'The file has been removed before')
  const made = {
    revision,
    id,
    ...(read?.isOwn && { over: read.etag }),
    ...(files.length > 0 && { unnamed: files.map(traceOf) }),
  }
  const about = edit.event?.(after, before)
  const at = new Date().toISOString()
  return {
    record: { ...after, revision, changes: [...history, made].slice(-CHANGES_KEPT) },
    pending: {
      id,
      ...target.forgets(before, after),
      change: {
        record: key,
        revision,
        files,
        ...(edit.removes && { removes: `${object}/` }),
        ...(about && { event: { id, type: about.type, object, revision, at, by, detail: about.detail } }),
      },
    },
    added,
  }
}

/** What a record keeps of a file that is gone: a hash, since a document's key has the name that its owner gave it. */
function traceOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22)
}

/** The files of `others` that are not among `files`. */
function missingFrom(files: readonly NamedFile[], others: readonly NamedFile[]): readonly NamedFile[] {
  const known = new Set(files.map(({ key }) => key))
  return others.filter(({ key }) => !known.has(key))
}
