import { GatewayError } from '../errors.ts'

/** Who has something looked for, and until when they wait. */
export interface LookingUp {
  readonly signal?: AbortSignal | undefined
  /** Whom it counts for, as far as that is known. */
  readonly requester?: { readonly dialect: string; readonly client?: string | undefined } | undefined
}

export interface GateOptions {
  /** Pieces of work at once. */
  readonly slots: number
  /** Those who wait beside them. */
  readonly maxQueued: number
  /** Whether what they look for will most likely be refused later: then they do not wait, and half of the slots are enough. */
  readonly isPressed: (requester: LookingUp['requester']) => boolean
  /** Whether there is hardly time for anything else; while both hold, nothing is let in. */
  readonly isBusy: () => boolean
}

interface Waiter {
  readonly requester: LookingUp['requester']
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
  async pass<T>(work: () => Promise<T>, looking: LookingUp = {}): Promise<T> {
    await this.#enter(looking)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter({ signal, requester }: LookingUp): Promise<void> {
    signal?.throwIfAborted()
    const { slots, maxQueued, isPressed, isBusy } = this.#options
    const pressed = isPressed(requester)
    if (pressed && (isBusy() || this.#running >= slots / 2)) throw refusal()
    if (this.#running < slots) {
      this.#running += 1
      return
    }
    if (this.#line.size >= maxQueued) throw refusal()
    return this.#wait({ signal, requester })
  }

  #wait({ signal, requester }: LookingUp): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', leave)
        act()
      }
      const refuse = () => settle(() => reject(refusal()))
      const waiter: Waiter = { requester, admit: () => settle(resolve), refuse }
      const leave = (): void => settle(() => reject(signal?.reason))
      signal?.addEventListener('abort', leave, { once: true })
      this.#line.add(waiter)
    })
  }

  /** The next in line gets the slot; who would be refused later does not, and all of those know at once. */
  #leave(): void {
    for (const waiter of this.#line) if (this.#options.isPressed(waiter.requester)) waiter.refuse()
    const [next] = this.#line
    if (next) next.admit()
    else this.#running -= 1
  }
}

function refusal(): GatewayError {
  return new GatewayError('overloaded', 'Too much is being looked for; try again in a moment')
}
