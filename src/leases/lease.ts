import { randomUUID } from 'node:crypto'
import type { ObjectStore, PutResult } from '../storage/object-store.ts'
import type { Clock } from './clock.ts'
import { type Condition, putSettled } from './put-settled.ts'

export interface LeaseOptions {
  readonly store: Pick<ObjectStore, 'get' | 'put'>
  readonly key: string
  /** A lease that its holder has not renewed for so long is lost, as whoever wants it measures. */
  readonly ttlMs: number
  readonly clock: Clock
  /** Ends the wait for a holder that may be gone. */
  readonly signal?: AbortSignal | undefined
}

/** Somebody else holds the lease now: whoever held it must not go on. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** What a lease that nobody holds says. */
const FREE = Buffer.from('{"holder":null}')

/**
 * One holder among all replicas: an object that is only ever written over the version last seen. No clock is compared
 * with another: that a holder is gone is told by an ETag that stays the same for `ttlMs` of one's own time. A holder
 * that was only slow finds out at its next renewal, so whatever it does then has to be harmless.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #holder: string
  #etag: string
  #renewedAtMs: number
  #beat = 0
  #renewing: Promise<void> | undefined

  private constructor(options: LeaseOptions, holder: string, etag: string) {
    this.#options = options
    this.#holder = holder
    this.#etag = etag
    this.#renewedAtMs = options.clock.elapsedMs()
  }

  /** The lease, at once if nobody holds it, or after `ttlMs` if its holder is gone; `undefined` when one is at work. */
  static async acquire(options: LeaseOptions): Promise<Lease | undefined> {
    const condition = await whenFree(options)
    if (condition === undefined) return undefined
    const holder = randomUUID()
    const put = await take(options, bodyOf(holder, 0), condition)
    return put.outcome === 'stored' ? new Lease(options, holder, put.etag) : undefined
  }

  /** Renews the lease when a third of its time has passed; throws `LeaseLost` when it is somebody else's. */
  async keep(): Promise<void> {
    const { clock, ttlMs } = this.#options
    if (this.#renewing === undefined && clock.elapsedMs() - this.#renewedAtMs < ttlMs / 3) return
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
    await this.#renewing
  }

  /** Lets others have it at once. */
  async release(): Promise<void> {
    // One that was lost is not ours to free: the condition sees to that.
    await putSettled(this.#options.store, this.#options.key, FREE, { ifMatch: this.#etag })
  }

  async #renew(): Promise<void> {
    const startedAtMs = this.#options.clock.elapsedMs()
    this.#beat += 1
    const { store, key } = this.#options
    const put = await putSettled(store, key, bodyOf(this.#holder, this.#beat), { ifMatch: this.#etag })
    if (put.outcome !== 'stored') throw new LeaseLost(`${key} is held by somebody else now`)
    this.#etag = put.etag
    this.#renewedAtMs = startedAtMs
  }
}

/** Of a lease's time, the pause between two looks, and for how long its holder has to be silent while it could speak. */
const PAUSE = 1 / 10
const SILENT = 1 / 6
/** So many of its times somebody goes on who cannot look. */
const PATIENCE = 3
/** Tries to write a lease that may be taken. */
const ATTEMPTS = 5

/**
 * What has to hold for taking the lease, once it may be taken. A look that fails tells nothing and ends nothing: a store
 * that fails now and then would else keep a dead holder in office. But neither can a holder renew while the store is
 * away: of the whole time a part has to pass between looks that succeed.
 */
async function whenFree({ store, key, ttlMs, clock, signal }: LeaseOptions): Promise<Condition | undefined> {
  const first = await store.get(key)
  if (first.outcome !== 'found') return { ifNoneMatch: '*' }
  const { etag, body } = first.object
  const sinceMs = clock.elapsedMs()
  let [lookedMs, silentMs]: [number | undefined, number] = [sinceMs, 0]
  while (!body.equals(FREE) && (clock.elapsedMs() - sinceMs < ttlMs || silentMs < ttlMs * SILENT)) {
    await clock.pause(ttlMs * PAUSE, signal)
    const [look] = await Promise.allSettled([store.get(key, { ifNoneMatch: etag })])
    if (look.status === 'rejected') {
      if (clock.elapsedMs() - sinceMs > ttlMs * PATIENCE) throw look.reason
      lookedMs = undefined
      continue
    }
    if (look.value.outcome !== 'unchanged') return undefined
    silentMs += clock.elapsedMs() - (lookedMs ?? clock.elapsedMs())
    lookedMs = clock.elapsedMs()
  }
  return { ifMatch: etag }
}

/** Writes the lease, again and again if the store fails: whoever has waited for so long does not begin anew for that. */
async function take(
  { store, key, ttlMs, clock, signal }: LeaseOptions,
  bytes: Buffer,
  condition: Condition,
): Promise<PutResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await putSettled(store, key, bytes, condition)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await clock.pause(ttlMs * PAUSE, signal)
    }
  }
}

// Another body each time, or its ETag would stay.
function bodyOf(holder: string, beat: number): Buffer {
  return Buffer.from(JSON.stringify({ holder, beat }))
}
