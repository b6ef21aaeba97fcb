import { createHash } from 'node:crypto'
import type { Clock } from '../leases/clock.ts'
import type { Allowance } from './allowance.ts'
import { costOf, type EdgeCost, type EdgeItemsOptions } from './edge-items.ts'
import type { EdgeQueue, HeldBatch } from './edge-queue.ts'
import { type Plan, planCalls } from './plan.ts'
import { type EdgeApi, type EdgeItem, EdgeRefusal, type EdgeRefusalReason } from './purging.ts'
import type { Batch } from './queue.ts'

/** A call of the edge's API, for metrics and log. */
export interface EdgeCall {
  readonly outcome: 'taken' | EdgeRefusalReason
  /** Whether it was made when nobody can have refilled the edge any more. */
  readonly isLast: boolean
  readonly cost: EdgeCost
  /** Purges that it stands for. */
  readonly purges: number
  readonly id?: string | undefined
  readonly message?: string | undefined
}

export interface DispatchOptions extends EdgeItemsOptions {
  readonly clock: Clock
  readonly api: EdgeApi
  /** How long after a change somebody may still have refilled the edge with what was there before. */
  readonly repeatAfterMs: number
  /** What would take longer than this to leave is sent as the few wildcards that cover it; 0: never. */
  readonly patienceMs: number
  readonly onCall: (call: EdgeCall) => void
  /** Called with items that the edge will not take, and why. */
  readonly onSetAside: (items: readonly EdgeItem[], refusal: EdgeRefusal) => void
}

type Job = { readonly plan: Plan } | { readonly held: HeldBatch }

/** Decides what of the queue is sent next, and sends it. */
export class Dispatch {
  readonly #options: DispatchOptions
  readonly #queue: EdgeQueue
  readonly #allowance: Allowance

  constructor(options: DispatchOptions, queue: EdgeQueue, allowance: Allowance) {
    this.#options = options
    this.#queue = queue
    this.#allowance = allowance
  }

  /** Does all that may be done now, asking before each step; the milliseconds until there may be more. */
  async work(mayGoOn: () => Promise<void>, signal: AbortSignal): Promise<number> {
    for (;;) {
      const closedMs = this.#allowance.msUntil({ items: 1, wildcards: 0 })
      // Not even planned: whoever hands over thousands of purges wakes the sender each time.
      if (closedMs > 0) return closedMs
      const job = this.#next()
      if (job === undefined) return this.#untilOwedMs()
      const waitMs = this.#allowance.msUntil(costOf(itemsIn(job)))
      if (waitMs > 0) return waitMs
      await mayGoOn()
      if ('plan' in job) await this.#queue.begin(job.plan, this.#at())
      else await this.#send(job.held, signal)
    }
  }

  /** What is to be done first: what has been owed to the edge for the longest time. */
  #next(): Job | undefined {
    const { clock, patienceMs } = this.#options
    const first = this.#queue.batches
      .map((held) => ({ held, atMs: this.#owedAtMs(held.batch) }))
      .filter(({ atMs }) => atMs <= clock.now())
      .toSorted((one, other) => one.atMs - other.atMs)[0]
    const { dues } = this.#queue
    const oldestMs = Date.parse(dues[0]?.committedAt ?? '')
    if (Number.isNaN(oldestMs) || (first && first.atMs <= oldestMs)) return first
    const isBearable = (cost: EdgeCost) =>
      patienceMs === 0 || this.#allowance.secondsFor(cost) * 1000 <= patienceMs
    return { plan: planCalls(dues, { ...this.#options, most: this.#allowance.most, isBearable }) }
  }

  /** On the wall clock. What waits is owed at once, whatever the clock was that dated it. */
  #owedAtMs({ phase, oldestAt, committedAt }: Batch): number {
    return phase === 'waiting'
      ? Math.min(Date.parse(oldestAt), this.#options.clock.now())
      : Date.parse(committedAt) + this.#options.repeatAfterMs
  }

  #untilOwedMs(): number {
    const nowMs = this.#options.clock.now()
    return Math.min(...this.#queue.batches.map(({ batch }) => Math.max(0, this.#owedAtMs(batch) - nowMs)))
  }

  async #send(held: HeldBatch, signal: AbortSignal): Promise<void> {
    const { api, clock, repeatAfterMs, onCall } = this.#options
    const { batch } = held
    const cost = costOf(batch.items)
    // So late, once is enough.
    const isLast = clock.now() >= Date.parse(batch.committedAt) + repeatAfterMs
    const call = { isLast, cost, purges: batch.purges }
    this.#allowance.spend(cost)
    let id: string
    try {
      const taken = await api.invalidate(referenceOf(batch, isLast), batch.items, signal)
      id = taken.id
    } catch (error) {
      if (!(error instanceof EdgeRefusal)) throw error
      onCall({ ...call, outcome: error.reason, message: error.message })
      return this.#refused(held, error)
    }
    onCall({ ...call, outcome: 'taken', id })
    this.#allowance.accepted()
    const invalidations = [...batch.invalidations, id]
    if (isLast) return this.#queue.finish(held, invalidations, this.#at())
    await this.#queue.update(held, { phase: 'sent', invalidations, refusal: undefined }, this.#at())
  }

  async #refused(held: HeldBatch, refusal: EdgeRefusal): Promise<void> {
    const { reason, message } = refusal
    const at = this.#at()
    if (reason !== 'invalid') {
      this.#allowance.refused()
      if (held.batch.refusal?.reason === reason) return
      return this.#queue.update(held, { refusal: { reason, message, at } }, at)
    }
    if (held.batch.items.length > 1) return this.#queue.split(held)
    this.#options.onSetAside(held.batch.items, refusal)
    await this.#queue.setAside(held, at)
  }

  #at(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

/**
 * Equal when a batch is sent again for want of an answer; another for every new batch. The last call's is one of its own
 * even if nobody knows whether there was a first: an earlier invalidation must not be taken for it.
 */
function referenceOf({ id, items }: Batch, isLast: boolean): string {
  const parts = [id, isLast ? 'last' : 'first', items.toSorted()]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function itemsIn(job: Job): readonly EdgeItem[] {
  return 'plan' in job ? (job.plan.calls[0] ?? []) : job.held.batch.items
}
