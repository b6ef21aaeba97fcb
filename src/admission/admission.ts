import { GatewayError } from '../errors.ts'

/** How much work is let in. */
export interface AdmissionOptions {
  /** Pieces of work that run at once. */
  readonly slots: number
  /** Places beside the slots for those who wait or prepare. */
  readonly maxQueued: number
  /** The longest wait for a slot. */
  readonly maxWaitMs: number
}

/** A place that is held: the right to wait for a slot. */
export interface Place {
  /** Does the work in a slot, waiting in line for it; throws `overloaded` when the wait is too long. */
  run<T>(work: () => Promise<T>): Promise<T>
}

interface Waiter {
  readonly admit: () => void
}

/**
 * Slots with a bounded line before them. Whoever would come after the end of the line is refused at once; a place is
 * held from before the preparation until after the work, and both it and the slot come back whatever happens.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #line = new Set<Waiter>()
  #held = 0
  #running = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  get stats(): { readonly held: number; readonly waiting: number; readonly running: number } {
    return { held: this.#held, waiting: this.#line.size, running: this.#running }
  }

  /** Whether more than half of the places beside the slots are taken. */
  get isCongested(): boolean {
    const { slots, maxQueued } = this.#options
    return this.#held > slots + maxQueued / 2
  }

  /** Holds a place for as long as `work` takes; throws `overloaded` at once when all are taken. */
  async hold<T>(work: (place: Place) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#held >= this.#options.slots + this.#options.maxQueued) {
      throw new GatewayError('overloaded', 'Too much is going on; try again in a moment')
    }
    this.#held += 1
    try {
      return await work({ run: (inner) => this.#run(inner, signal) })
    } finally {
      this.#held -= 1
    }
  }

  async #run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#running >= this.#options.slots) return this.#wait(signal)
    this.#running += 1
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', abort)
        act()
      }
      const waiter: Waiter = { admit: () => settle(resolve) }
      const abort = (): void => settle(() => reject(signal?.reason))
      const timer = setTimeout(() => settle(() => reject(waitedTooLong())), this.#options.maxWaitMs)
      signal?.addEventListener('abort', abort, { once: true })
      this.#line.add(waiter)
    })
  }

  /** The next in line gets the slot without the count going down and up, so that nobody slips in between. */
  #leave(): void {
    const [next] = this.#line
    if (next) next.admit()
    else this.#running -= 1
  }
}

function waitedTooLong(): GatewayError {
  return new GatewayError('overloaded', 'Waited too long for its turn; try again in a moment')
}
