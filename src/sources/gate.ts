import { GatewayError } from '../errors.ts'

export interface GateOptions {
  /** Pieces of work at once. */
  readonly slots: number
  /** Those who wait beside them. */
  readonly maxQueued: number
  /** Whether what is let in will most likely be refused later: then nobody waits, and half of the slots are enough. */
  readonly isPressed: () => boolean
  /** Whether there is hardly time for anything else; while both hold, nothing is let in. */
  readonly isBusy: () => boolean
}

interface Waiter {
  readonly admit: () => void
  readonly refuse: () => void
}

/** Lets so many pieces of work in at once, and so many wait; whoever comes then is refused at once. */
export class Gate {
  readonly #options: GateOptions
  readonly #line = new Set<Waiter>()
  #running = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  get stats(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#line.size }
  }

  /** Does the work when it is let in; throws `overloaded`, and does nothing, when it is not. */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { slots, maxQueued, isPressed, isBusy } = this.#options
    const pressed = isPressed()
    if (pressed && (isBusy() || this.#running >= slots / 2)) throw refusal()
    if (this.#running < slots) {
      this.#running += 1
      return
    }
    if (this.#line.size >= maxQueued) throw refusal()
    return this.#wait(signal)
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', leave)
        act()
      }
      const waiter: Waiter = { admit: () => settle(resolve), refuse: () => settle(() => reject(refusal())) }
      const leave = (): void => settle(() => reject(signal?.reason))
      signal?.addEventListener('abort', leave, { once: true })
      this.#line.add(waiter)
    })
  }

  /** The next in line gets the slot; under pressure nobody does, and all of them know at once. */
  #leave(): void {
    if (this.#options.isPressed()) for (const waiter of this.#line) waiter.refuse()
    const [next] = this.#line
    if (next) next.admit()
    else this.#running -= 1
  }
}

function refusal(): GatewayError {
  return new GatewayError('overloaded', 'Too much is being looked for; try again in a moment')
}
