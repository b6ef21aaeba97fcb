import { GatewayError } from '../errors.ts'
import { ANYBODY, type Asker } from './asker.ts'
import { Ledger } from './ledger.ts'

export interface FairBudgetOptions {
  /** How much may be in use at once: bytes, pieces of work. */
  readonly capacity: number
  /** The longest wait; without it as long as the caller's signal lets it. */
  readonly maxWaitMs?: number | undefined
  /** Called when somebody has waited so long. */
  readonly onTimeout?: (() => void) | undefined
}

/** Who takes a part of a budget, and until when they wait for it. */
export interface Taking {
  readonly asker?: Asker | undefined
  readonly signal?: AbortSignal | undefined
  /** What it costs when turns are shared out; what is taken unless given. */
  readonly cost?: number | undefined
}

interface Waiter {
  readonly since: number
  readonly weight: number
  readonly cost: number
  readonly asker: Asker
  readonly admit: () => void
}

/** Of the longest wait, from which on somebody is not overtaken any more. */
const OLD = 0.75

/** Of every budget an eighth, or at least one piece, is beyond the reach of a single owner. */
const RESERVE = 8

/**
 * Bounds how much is in use at once. Whose owners have been served least is next, and among equals who came first; no
 * owner gets the last of it, and background work none while anybody else waits, and never more than half. What is next
 * is not overtaken by what is smaller, unless that is of other owners and only the shares of its own are in the way.
 */
export class FairBudget {
  readonly #options: FairBudgetOptions
  readonly #line = new Set<Waiter>()
  readonly #ledger = new Ledger()
  #used = 0
  #usedInBackground = 0

  constructor(options: FairBudgetOptions) {
    this.#options = options
  }

  get stats(): { readonly used: number; readonly waiting: number } {
    return { used: this.#used, waiting: this.#line.size }
  }

  /** Does the work while so much of the budget is taken. More than the whole budget takes all of it, and so passes alone. */
  async use<T>(amount: number, work: () => Promise<T>, taking: Taking = {}): Promise<T> {
    const { asker = ANYBODY, cost = amount } = taking
    taking.signal?.throwIfAborted()
    const weight = Math.min(amount, this.#options.capacity)
    const isBackground = await this.#take({ weight, cost, asker }, taking.signal)
    try {
      return await work()
    } finally {
      this.#giveBack(weight, asker, isBackground)
    }
  }

  /** Resolves once it is taken, with whether it was for background work then. */
  #take(wanted: Omit<Waiter, 'admit' | 'since'>, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const { maxWaitMs, onTimeout } = this.#options
      const leave = (): void => {
        clearTimeout(timer)
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const refuse = (reason: unknown): void => {
        leave()
        reject(reason)
        // Whoever stood behind a large one that has left may fit now.
        this.#admit()
      }
      const admit = (): void => {
        leave()
        resolve(wanted.asker.isBackground)
      }
      const waiter: Waiter = { ...wanted, since: performance.now(), admit }
      this.#line.add(waiter)
      let timer: NodeJS.Timeout | undefined
      const abort = (): void => refuse(signal?.reason)
      this.#admit()
      if (!this.#line.has(waiter)) return
      const expire = (): void => {
        onTimeout?.()
        refuse(waitedTooLong())
      }
      if (maxWaitMs !== undefined) timer = setTimeout(expire, maxWaitMs)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Lets in whoever is next, one after the other, for as long as there is room. */
  #admit(): void {
    if (this.#used >= this.#options.capacity) return
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (this.#used + next.weight > this.#options.capacity) return
      const { weight, cost, asker } = next
      this.#used += weight
      if (asker.isBackground) this.#usedInBackground += weight
      this.#ledger.take(asker.owners, weight)
      this.#ledger.serve(asker.owners, cost)
      next.admit()
    }
  }

  #giveBack(weight: number, { owners }: Asker, wasInBackground: boolean): void {
    this.#used -= weight
    if (wasInBackground) this.#usedInBackground -= weight
    this.#ledger.giveBack(owners, weight)
    if (this.#line.size === 0) this.#ledger.forget()
    else this.#admit()
  }

  #next(): Waiter | undefined {
    const hasAwaited = this.#hasAwaited()
    const heldUp = new Set<string>()
    for (const waiter of this.#inOrder()) {
      const { weight, asker } = waiter
      if (asker.isBackground && (hasAwaited || !this.#hasShareInBackground(weight))) continue
      const { own, beyond } = this.#ledger.sharesOf(asker.owners, this.#limit - weight)
      if (beyond.length === 0 && !own.some((name) => heldUp.has(name))) return waiter
      // Whatever is smaller and of the same owners would else go first for as long as there is any.
      for (const name of beyond) heldUp.add(name)
    }
    return undefined
  }

  /** Those who wait, the least served first; before them whoever has waited for most of what they may: they were let in to be served. */
  #inOrder(): readonly Waiter[] {
    const { maxWaitMs = Number.POSITIVE_INFINITY } = this.#options
    const old = performance.now() - maxWaitMs * OLD
    const leadOf = ({ since, asker }: Waiter) =>
      since <= old && !asker.isBackground ? -1 : this.#ledger.lead(asker.owners)
    return Array.from(this.#line, (waiter) => ({ waiter, lead: leadOf(waiter) }))
      .toSorted((one, other) => one.lead - other.lead)
      .map(({ waiter }) => waiter)
  }

  #hasAwaited(): boolean {
    for (const { asker } of this.#line) if (!asker.isBackground) return true
    return false
  }

  /** What one owner may have; who has nothing may have one piece of any size. */
  get #limit(): number {
    const { capacity } = this.#options
    return capacity < 2 ? capacity : capacity - Math.max(1, Math.floor(capacity / RESERVE))
  }

  #hasShareInBackground(weight: number): boolean {
    return this.#usedInBackground === 0 || this.#usedInBackground + weight <= this.#options.capacity / 2
  }
}

function waitedTooLong(): GatewayError {
  return new GatewayError('overloaded', 'Waited too long for its turn; try again in a moment')
}
