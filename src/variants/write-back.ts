import { setTimeout as pause } from 'node:timers/promises'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import type { Source } from '../sources/source.ts'
import type { Sources } from '../sources/sources.ts'
import type { ObjectStore, PutResult } from '../storage/object-store.ts'
import { type Variant, variantMetadata } from './variant.ts'
import type { VariantStock } from './variant-stock.ts'

export interface WriteBackOptions {
  readonly store: Pick<ObjectStore, 'put' | 'delete'>
  readonly sources: Pick<Sources, 'findNow' | 'remembered'>
  /** Decides which pictures that strangers have thought of are stored. */
  readonly stock: Pick<VariantStock, 'admit'>
  /** Writes under way at once. */
  readonly concurrency: number
  /** Writes waiting; beyond, a picture is not stored, and rendered again when it is asked for. */
  readonly maxQueued: number
  /** Attempts at each step. */
  readonly maxAttempts?: number
  /** Whether a step that has failed may be tried once more; by default it may. */
  readonly mayRetry?: () => boolean
  /** First pause between two attempts; doubles from one to the next. */
  readonly backoffMs?: number
  /** Drops a picture from memory: it is outdated, or nobody will find out whether it is. */
  readonly drop: (variant: Variant) => void
  /** Called when what was stored turned out to be outdated and has been removed again; others may have read it. */
  readonly onOutdated: (variant: Variant, source: Source) => Promise<void>
  /** Called when somebody else had stored this picture before: theirs counts. */
  readonly onTaken: (variant: Variant, signal: AbortSignal) => Promise<void>
  readonly onFinished: (outcome: WriteOutcome, variant: Variant, error?: unknown) => void
}

/** `surplus`: there are enough of its kind; it stays in memory for as long as there is room. */
export type WriteOutcome = 'stored' | 'taken' | 'surplus' | 'outdated' | 'failed' | 'refused'

/** Whether a picture is stored whatever it is, or if there are not too many of its kind. */
export type Storing = 'always' | 'if-few'

/** What is to be stored. */
interface Job {
  readonly variant: Variant
  readonly source: Source
  readonly storing: Storing
}

/** Stores what was rendered, after the answer: create-only, and never so that a deleted picture comes back. */
export class WriteBack {
  readonly #options: WriteBackOptions
  readonly #queue: Job[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(options: WriteBackOptions) {
    this.#options = options
  }

  /** Writes waiting and under way. */
  get pending(): number {
    return this.#queue.length + this.#running.size
  }

  /** Queues a picture for storing. */
  add(variant: Variant, source: Source, storing: Storing = 'if-few'): void {
    const { maxQueued, onFinished } = this.#options
    if (this.#queue.length >= maxQueued) {
      this.#dropUnlessCurrent(variant, source)
      return onFinished('refused', variant)
    }
    this.#queue.push({ variant, source, storing })
    this.#next()
  }

  /** Waits until everything queued is stored or has failed for good; what is left after `graceMs` is given up. */
  async drain(graceMs?: number): Promise<void> {
    const timer = graceMs === undefined ? undefined : setTimeout(() => this.#giveUp(), graceMs)
    while (this.#running.size > 0) await Promise.all(this.#running)
    clearTimeout(timer)
  }

  #giveUp(): void {
    for (const { variant } of this.#queue.splice(0)) this.#options.onFinished('refused', variant)
    this.#stop.abort(new Error('The program has to end'))
  }

  #next(): void {
    if (this.#running.size >= this.#options.concurrency) return
    const job = this.#queue.shift()
    if (job === undefined) return
    const run = this.#store(job)
      .then(
        (outcome) => this.#options.onFinished(outcome, job.variant),
        (error: unknown) => this.#options.onFinished('failed', job.variant, error),
      )
      .finally(() => {
        this.#running.delete(run)
        this.#next()
      })
    this.#running.add(run)
  }

  async #store({ variant, source, storing }: Job): Promise<WriteOutcome> {
    const { store, sources, drop, onOutdated, onTaken } = this.#options
    const { signal } = this.#stop
    const [put] = await Promise.allSettled([
      storing === 'always' ? this.#put(variant, source) : this.#putAdmitted(variant, source),
    ])
    // Whoever deletes or replaces a source commits that first and lists the variants after it. So either they saw this
    // one, or this look-up sees their change. A conflict may be our own write whose answer was lost: checked as well.
    // So is what could not be stored: it is in memory, and may have been rendered from a look-up that was too old.
    const [check] = await Promise.allSettled([this.#insist(() => sources.findNow(source.at, signal))])
    if (check.status === 'rejected') {
      const isStored = put.status === 'fulfilled' && put.value.outcome === 'stored'
      if (this.#dropUnlessCurrent(variant, source) && isStored) await store.delete([variant.key], { signal })
      throw check.reason
    }
    if (isSame(check.value.source, source)) {
      if (put.status === 'rejected') throw put.reason
      if (put.value.outcome !== 'conflict') return put.value.outcome
      await onTaken(variant, signal)
      return 'taken'
    }
    drop(variant)
    await this.#insist(() => store.delete([variant.key], { signal }))
    await this.#insist(() => onOutdated(variant, source))
    return 'outdated'
  }

  async #putAdmitted(variant: Variant, source: Source): Promise<PutResult | { outcome: 'surplus' }> {
    const { signal } = this.#stop
    const isAdmitted = await this.#insist(() => this.#options.stock.admit(variant.key, signal))
    return isAdmitted ? this.#put(variant, source) : { outcome: 'surplus' }
  }

  async #put(variant: Variant, source: Source): Promise<PutResult> {
    const { signal } = this.#stop
    return this.#insist(() =>
      this.#options.store.put(variant.key, variant.bytes, {
        contentType: variant.contentType,
        cacheControl: CACHE_CONTROL[source.access === 'public' ? 'A' : 'D'],
        metadata: variantMetadata(variant),
        ifNoneMatch: '*',
        signal,
      }),
    )
  }

  /** For what cannot be checked: whether it had to be dropped, since it is not what is remembered of its path either. */
  #dropUnlessCurrent(variant: Variant, source: Source): boolean {
    const { sources, drop } = this.#options
    const isCurrent = isSame(sources.remembered(source.at)?.source, source)
    if (!isCurrent) drop(variant)
    return !isCurrent
  }

  async #insist<T>(step: () => Promise<T>): Promise<T> {
    const { maxAttempts = 4, mayRetry = () => true, backoffMs = 200 } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await step()
      } catch (error) {
        const { signal } = this.#stop
        if (attempt >= maxAttempts || signal.aborted || !mayRetry()) throw error
        await pause(backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal })
      }
    }
  }
}

function isSame(now: Source | undefined, then: Source): boolean {
  return now !== undefined && now.version === then.version && now.access === then.access
}
