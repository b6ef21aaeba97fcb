import { GatewayError } from '../errors.ts'
import { ANYBODY, type Asker } from './asker.ts'
import { FairBudget } from './fair-budget.ts'
import { Ledger } from './ledger.ts'

/** How much work is let in. */
export interface AdmissionOptions {
  /** Pieces of work that run at once. */
  readonly slots: number
  /** Places beside the slots for those who wait or prepare; fewer while work takes so long that they would wait too long. */
  readonly maxQueued: number
  /** The longest wait for a slot. */
  readonly maxWaitMs: number
  /** Kinds of owners whose members share one another's: they may have more, or one member would take it all from the others. */
  readonly broadKinds?: readonly string[] | undefined
  /** Called when somebody is refused, or background work given up. */
  readonly onRefusal?: ((reason: Refusal) => void) | undefined
}

/**
 * Why somebody is refused. `full`: all places are taken. `share`: one of their owners has as many as it may have while
 * so few are free. `background`: nobody waits for it, and others are waiting.
 * `waited`: its turn has not come in time.
 */
export type Refusal = 'full' | 'share' | 'background' | 'waited'

/** Who holds a place, and for how long they want it. */
export interface Holding {
  readonly asker?: Asker | undefined
  readonly signal?: AbortSignal | undefined
  /** What the work costs when turns are shared out; every piece the same unless given. */
  readonly cost?: number | undefined
}

/** A place that is held: the right to wait for a slot. */
export interface Place {
  /** Ends with the holder's own signal, or when background work has to make room before it runs. */
  readonly signal: AbortSignal | undefined
  /** Does the work in a slot, waiting in line for it; throws `overloaded` when the wait is too long. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** Background work that has a place and does not run yet. */
interface Dispensable {
  readonly asker: Asker
  readonly giveUp: AbortController
}

/** Of the longest wait, what the line is planned for: it gets longer when work comes to take longer. */
const PLANNED = 0.5

/** How much the last piece of work counts for in how long one takes. */
const NEWEST = 0.1

/** One owner may hold so many places for each that is still free: alone four of five; of a broad kind 16 of 17. */
const PLACES_FOR_EACH_FREE = { narrow: 4, broad: 16 }

/**
 * Slots with a bounded line before them. Whoever would come after the end of the line is refused at once; a place is
 * held from before the preparation until after the work, and both it and the slot come back whatever happens. The
 * places that one owner may hold grow and shrink with those that are free, after Choudhury's and Hahne's dynamic
 * thresholds: whatever a few take, there is a place for somebody else.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #slots: FairBudget
  readonly #ledger = new Ledger()
  readonly #dispensable = new Set<Dispensable>()
  #held = 0
  /** How long a piece of work has its slot, of late. */
  #usualMs: number | undefined

  constructor(options: AdmissionOptions) {
    this.#options = options
    const { slots: capacity, maxWaitMs, onRefusal } = options
    this.#slots = new FairBudget({ capacity, maxWaitMs, onTimeout: () => onRefusal?.('waited') })
  }

  get stats(): { readonly held: number; readonly waiting: number; readonly running: number } {
    const { used, waiting } = this.#slots.stats
    return { held: this.#held, waiting, running: used }
  }

  /** Whether more than half of the places beside the slots are taken. */
  get isCongested(): boolean {
    return this.#held > this.#options.slots + this.#queueable / 2
  }

  /** Places beside the slots of which the last is over in time, by how long work has taken of late; one at the least. */
  get #queueable(): number {
    const { slots, maxQueued, maxWaitMs } = this.#options
    if (this.#usualMs === undefined) return maxQueued
    return Math.min(maxQueued, Math.max(1, Math.floor(((maxWaitMs * PLANNED) / this.#usualMs) * slots)))
  }

  /** Whether as many have a place as there are slots: whatever comes now has to wait, and what can wait should. */
  get isBusy(): boolean {
    return this.#held >= this.#options.slots
  }

  /** Whether there would be a place for these owners just now; of those that are not named it is not known. */
  isOpenTo(owners: Asker['owners']): boolean {
    const free = this.#free
    if (free <= 0) return this.#isOpenBeyond(owners)
    return !this.#ledger.isFull(owners, (kind) => this.#placesFor(kind) * free)
  }

  /**
   * The line was planned longer than work allows by now, and those who fill it stay until they are served: whoever has
   * hardly anything does not pay for that, up to half as many again, which is still served in time.
   */
  #isOpenBeyond(owners: Asker['owners']): boolean {
    const { slots, maxQueued } = this.#options
    if (this.#held >= slots + maxQueued || Object.keys(owners).length === 0) return false
    const most = Math.max(1, this.#queueable * (1 - PLANNED))
    return !this.#ledger.isFull(owners, (kind) => Math.min(most, this.#placesFor(kind)))
  }

  /** Holds a place for as long as `work` takes; throws `overloaded` at once when there is none for its owners. */
  async hold<T>(work: (place: Place) => Promise<T>, holding: Holding = {}): Promise<T> {
    const { asker = ANYBODY, signal, cost = 1 } = holding
    signal?.throwIfAborted()
    this.#check(asker)
    const { owners } = asker
    const dispensable = asker.isBackground ? { asker, giveUp: new AbortController() } : undefined
    const ends = withSignal(signal, dispensable?.giveUp.signal)
    if (dispensable) this.#dispensable.add(dispensable)
    this.#held += 1
    this.#ledger.take(owners, 1)
    try {
      return await work({
        signal: ends,
        run: (inner) =>
          this.#slots.use(1, async () => this.#run(inner, dispensable), { asker, signal: ends, cost }),
      })
    } finally {
      this.#held -= 1
      this.#ledger.giveBack(owners, 1)
      if (dispensable) this.#dispensable.delete(dispensable)
    }
  }

  async #run<T>(work: () => Promise<T>, dispensable: Dispensable | undefined): Promise<T> {
    // From here on giving it up would save nothing.
    if (dispensable) this.#dispensable.delete(dispensable)
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      const ms = performance.now() - startedAt
      this.#usualMs = this.#usualMs === undefined ? ms : this.#usualMs + NEWEST * (ms - this.#usualMs)
    }
  }

  #check({ owners, isBackground }: Asker): void {
    if (isBackground && this.isBusy) throw this.#refuse('background')
    if (this.#free <= 0 && this.#makeRoom()) return
    if (!this.isOpenTo(owners)) throw this.#refuse(this.#free <= 0 ? 'full' : 'share')
  }

  get #free(): number {
    return this.#options.slots + this.#queueable - this.#held
  }

  #placesFor(kind: string): number {
    return PLACES_FOR_EACH_FREE[this.#options.broadKinds?.includes(kind) ? 'broad' : 'narrow']
  }

  /** Gives up the background work that came last and does not run yet; false when there is none. */
  #makeRoom(): boolean {
    const last = [...this.#dispensable].findLast(({ asker }) => asker.isBackground)
    if (last === undefined) return false
    this.#dispensable.delete(last)
    last.giveUp.abort(this.#refuse('background'))
    return true
  }

  #refuse(reason: keyof typeof MESSAGES): GatewayError {
    this.#options.onRefusal?.(reason)
    return new GatewayError('overloaded', MESSAGES[reason])
  }
}

const MESSAGES = {
  full: 'Too much is going on; try again in a moment',
  share: 'Too much of this is going on; try again in a moment',
  background: 'Others are waiting, and nobody for this; try again in a moment',
} as const satisfies Partial<Record<Refusal, string>>

function withSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other)
}
