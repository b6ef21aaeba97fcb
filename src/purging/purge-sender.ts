import { Lease, LeaseLost } from '../leases/lease.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { Allowance } from './allowance.ts'
import { Dispatch, type DispatchOptions } from './dispatch.ts'
import { EdgeQueue } from './edge-queue.ts'
import { type Due, PURGES_LEASE_KEY } from './queue.ts'

export interface PurgeSenderOptions extends DispatchOptions {
  readonly store: ObjectStore
  /** What the edge is asked for in a second, or in one call. */
  readonly itemsPerSecond: number
  readonly wildcardsPerSecond: number
  /** Between two looks at what other replicas have handed over. */
  readonly intervalMs: number
  readonly onFailure: (error: unknown) => void
  readonly random?: (() => number) | undefined
}

const LEASE_TTL_MS = 60_000
/** What is handed over within so short a time shares a look. */
const GATHER_MS = 50
/** A change is in the journal before its purge is in the queue. */
const HEARSAY_MS = 1000
/** Pauses while the bucket fails: short, since a call that the circuit holds back costs nothing. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5000

/** Tells the edge what is in the queue, twice: one sender among all replicas. */
export class PurgeSender {
  readonly #options: PurgeSenderOptions
  readonly #queue: EdgeQueue
  readonly #allowance: Allowance
  readonly #dispatch: Dispatch
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #resting: AbortController | undefined
  #isWoken = false
  #lease: Lease | undefined
  #nextLookMs = -Infinity
  #failures = 0

  constructor(options: PurgeSenderOptions) {
    this.#options = options
    const onFault = (key: string) => options.onFailure(new Error(`${key} cannot be understood`))
    this.#queue = new EdgeQueue({ store: options.store, onFault })
    this.#allowance = new Allowance(options)
    this.#dispatch = new Dispatch(options, this.#queue, this.#allowance)
  }

  /** What waits, as this sender knows it; nothing where another replica sends. */
  get backlog(): { readonly waiting: number; readonly sent: number; readonly oldestMs: number } {
    const { dues, batches } = this.#queue
    const count = (wanted: string) =>
      batches.reduce((sum, { batch }) => sum + (batch.phase === wanted ? batch.purges : 0), 0)
    const waitingBatches = batches.filter(({ batch }) => batch.phase === 'waiting')
    const times = [
      ...dues.map((due) => due.committedAt),
      ...waitingBatches.map(({ batch }) => batch.oldestAt),
    ]
    const oldest = Math.min(...times.map(Date.parse), this.#options.clock.now())
    return {
      waiting: dues.length + count('waiting'),
      sent: count('sent'),
      oldestMs: this.#options.clock.now() - oldest,
    }
  }

  /** Sends what is there from now on, until `close`. */
  start(): void {
    this.#running = this.#run()
  }

  /** Stops, and lets another replica send; a call in the air is repeated as the same one. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#resting?.abort()
    await this.#running
    const lease = this.#lease
    this.#lease = undefined
    try {
      await lease?.release()
    } catch (error) {
      // Another replica has it all the same, a minute later.
      this.#options.onFailure(error)
    }
  }

  /** A purge was handed over in this process: it need not be looked for. */
  add(due: Due): void {
    if (this.#lease === undefined) return
    this.#queue.add(due)
    this.#wake()
  }

  /** Another replica has changed something, as the journal says: its purge is there in a moment. */
  expect(): void {
    if (this.#lease === undefined) return
    this.#nextLookMs = Math.min(this.#nextLookMs, this.#options.clock.elapsedMs() + HEARSAY_MS)
    this.#wake()
  }

  /** Sends what may be sent now, if no other replica is at it; the milliseconds until there may be more. */
  async look(): Promise<number> {
    const { store, clock, intervalMs } = this.#options
    const { signal } = this.#stop
    const wanted = { store, clock, key: PURGES_LEASE_KEY, ttlMs: LEASE_TTL_MS, signal }
    if (this.#lease === undefined) {
      this.#queue.clear()
      this.#nextLookMs = -Infinity
      this.#lease = await Lease.acquire(wanted)
    }
    if (this.#lease === undefined) return intervalMs
    try {
      const restMs = await this.#work(this.#lease)
      this.#failures = 0
      return restMs
    } catch (error) {
      if (error instanceof LeaseLost) this.#lease = undefined
      // What is in memory may not be what is in the bucket.
      this.#queue.clear()
      this.#nextLookMs = -Infinity
      throw error
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let restMs: number
      try {
        restMs = await this.look()
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#options.onFailure(error)
        restMs = this.#pauseMs()
      }
      await this.#rest(restMs)
    }
  }

  /** How long the bucket is let alone, the longer the more often in a row it has failed; replicas part by chance. */
  #pauseMs(): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    return longest * (0.5 + (this.#options.random ?? Math.random)() / 2)
  }

  #wake(): void {
    this.#isWoken = true
    this.#resting?.abort()
  }

  async #rest(ms: number): Promise<void> {
    await this.#pause(GATHER_MS, this.#stop.signal)
    const resting = new AbortController()
    this.#resting = resting
    if (this.#isWoken || this.#stop.signal.aborted) resting.abort()
    this.#isWoken = false
    await this.#pause(Math.max(0, ms - GATHER_MS), resting.signal)
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.pause(ms, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #work(lease: Lease): Promise<number> {
    const { clock, intervalMs } = this.#options
    const { signal } = this.#stop
    const mayGoOn = async () => {
      signal.throwIfAborted()
      await lease.keep()
    }
    await mayGoOn()
    if (clock.elapsedMs() >= this.#nextLookMs) {
      await this.#queue.look(mayGoOn)
      this.#nextLookMs = clock.elapsedMs() + intervalMs
    }
    const restMs = await this.#dispatch.work(mayGoOn, signal)
    return Math.min(restMs, Math.max(0, this.#nextLookMs - clock.elapsedMs()), LEASE_TTL_MS / 3)
  }
}
