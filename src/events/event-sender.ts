import { GatewayError } from '../errors.ts'
import { Lease, LeaseLost } from '../leases/lease.ts'
import { type Backlog, groupByObject, type Waiting } from './backlog.ts'
import { type Attempt, type DeliveryOptions, deliverObject } from './deliver-object.ts'
import { EVENTS_LEASE_KEY, PENDING_PREFIX } from './outbox-entry.ts'

export interface EventSenderOptions extends DeliveryOptions {
  /** Pause between two looks at the outbox; at most a third of the lease. */
  readonly intervalMs: number
  /** Called with what keeps events from being looked at: the bucket, or one that cannot be understood. */
  readonly onFailure: (error: unknown) => void
}

/** Renewed when 10 s have passed; a delivery takes no longer than that, so a holder never delivers beyond its lease. */
const LEASE_TTL_MS = 30_000
/** What is confirmed within so short a time shares a look. */
const GATHER_MS = 50
/** Objects whose events are delivered at once. */
const CONCURRENCY = 8
/** Failures in a row, over all objects, after which it is the receiver that is down. */
const FAILURES_OF_RECEIVER = CONCURRENCY
/** The longest time that a receiver which is down is left alone. */
const LONGEST_QUIET_MS = 60_000
/** How long the object of an event that cannot be understood is passed over. */
const FAULT_REST_MS = 60_000

/** Delivers what waits in the outbox: one sender among all replicas, events of an object in order, objects side by side. */
export class EventSender {
  readonly #options: EventSenderOptions
  readonly #report: (attempt: Attempt) => void
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #resting: AbortController | undefined
  #isWoken = false
  #lease: Lease | undefined
  #backlog: Backlog = { pending: 0, oldestAtMs: undefined }
  /** Objects that are passed over until a time on the wall clock. */
  readonly #waitUntilMs = new Map<string, number>()
  #failuresInARow = 0
  #quietMs = 0
  #quietUntilMs = 0

  constructor(options: EventSenderOptions) {
    this.#options = { ...options, onAttempt: (attempt) => this.#note(attempt) }
    this.#report = options.onAttempt
  }

  /** Events that waited at the last look; 0 where another replica sends. */
  get pending(): number {
    return this.#backlog.pending
  }

  /** How long ago the oldest event that waits has happened, in milliseconds; 0 when none waits. */
  get oldestMs(): number {
    const { oldestAtMs } = this.#backlog
    return oldestAtMs === undefined ? 0 : Math.max(0, this.#options.clock.now() - oldestAtMs)
  }

  /** Looks at the outbox again and again, until `close`. */
  start(): void {
    this.#running = this.#run()
  }

  /** Finishes the deliveries in the air, and lets another replica send. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#resting?.abort()
    await this.#running
    const lease = this.#lease
    this.#lease = undefined
    try {
      await lease?.release()
    } catch (error) {
      // Another replica has it all the same, half a minute later.
      this.#options.onFailure(error)
    }
  }

  /** There is something to deliver: does not wait for the next look. */
  wake(): void {
    this.#isWoken = true
    this.#resting?.abort()
  }

  /** One look: delivers what is due, if no other replica is at it. What goes wrong is thrown, and what waits goes on waiting. */
  async look(): Promise<void> {
    const { store, clock } = this.#options
    const { signal } = this.#stop
    const wanted = { store, clock, key: EVENTS_LEASE_KEY, ttlMs: LEASE_TTL_MS, signal }
    this.#lease ??= await Lease.acquire(wanted)
    if (this.#lease === undefined) {
      this.#backlog = { pending: 0, oldestAtMs: undefined }
      return
    }
    try {
      await this.#lease.keep()
      if (clock.now() >= this.#quietUntilMs) await this.#pass(this.#lease)
    } catch (error) {
      if (error instanceof LeaseLost) this.#lease = undefined
      throw error
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.look()
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#options.onFailure(error)
      }
      await this.#rest()
    }
  }

  async #rest(): Promise<void> {
    await this.#pause(GATHER_MS, this.#stop.signal)
    const resting = new AbortController()
    this.#resting = resting
    if (this.#isWoken || this.#stop.signal.aborted) resting.abort()
    this.#isWoken = false
    await this.#pause(this.#options.intervalMs, resting.signal)
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.pause(ms, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #pass(lease: Lease): Promise<void> {
    const { store, clock } = this.#options
    const backlog: Backlog = { pending: 0, oldestAtMs: undefined }
    const inAir = new Set<Promise<void>>()
    const failures: unknown[] = []
    for (const [object, untilMs] of this.#waitUntilMs) {
      if (untilMs <= clock.now()) this.#waitUntilMs.delete(object)
    }
    this.#failuresInARow = 0
    for await (const waiting of groupByObject(store.list(PENDING_PREFIX), backlog)) {
      if (failures.length > 0 || this.#stop.signal.aborted) break
      // The rest of the listing is only counted.
      if (this.#receiverIsDown || this.#waitUntilMs.has(waiting.object)) continue
      const task = this.#serve(waiting, lease)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => inAir.delete(task))
      inAir.add(task)
      if (inAir.size >= CONCURRENCY) await Promise.race(inAir)
    }
    await Promise.all(inAir)
    if (failures.length > 0) throw failures[0]
    this.#backlog = backlog
    this.#leaveReceiverAlone()
  }

  async #serve(waiting: Waiting, lease: Lease): Promise<void> {
    let waitMs: number | undefined
    try {
      waitMs = await deliverObject(waiting, this.#options, () => this.#keep(lease))
    } catch (error) {
      // One object that cannot be understood holds back only itself.
      if (!(error instanceof GatewayError && error.code === 'record_invalid')) throw error
      this.#options.onFailure(error)
      waitMs = FAULT_REST_MS
    }
    if (waitMs === undefined && waiting.hasMore) this.wake()
    if (waitMs !== undefined && waitMs > 0)
      this.#waitUntilMs.set(waiting.object, this.#options.clock.now() + waitMs)
  }

  /** Asked before each delivery, so that a long pass neither loses the lease nor outlives a stop. */
  async #keep(lease: Lease): Promise<void> {
    this.#stop.signal.throwIfAborted()
    await lease.keep()
  }

  #note(attempt: Attempt): void {
    this.#failuresInARow = attempt.outcome === 'delivered' ? 0 : this.#failuresInARow + 1
    this.#report(attempt)
  }

  get #receiverIsDown(): boolean {
    return this.#failuresInARow >= FAILURES_OF_RECEIVER
  }

  #leaveReceiverAlone(): void {
    const { clock, intervalMs } = this.#options
    this.#quietMs = this.#receiverIsDown ? Math.min(LONGEST_QUIET_MS, 2 * (this.#quietMs || intervalMs)) : 0
    this.#quietUntilMs = clock.now() + this.#quietMs
  }
}
