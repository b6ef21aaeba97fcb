import { GatewayError } from '../errors.ts'

export interface GateOptions {
  /** Pieces of work at once. */
  readonly slots: number
  /** Those who wait beside them. */
  readonly maxQueued: number
  /** Whether what they look for will most likely be refused later: then they do not wait, and half of the slots are enough. */
  readonly isPressed: (requester: Passing['requester']) => boolean
  /** Whether there is hardly time for anything else: then half of the slots are enough, and while both hold, nothing is let in. */
  readonly isBusy: () => boolean
}

/** Whoever wants to be let in, and until when they wait. */
export interface Passing {
  readonly signal?: AbortSignal | undefined
  /** Who it counts for; no client may have all there is. */
  readonly requester?: { readonly dialect: string; readonly client?: string | undefined } | undefined
}

/** One client may hold so many slots and places for each that is still free: alone four of five. */
const HELD_FOR_EACH_FREE = 4

interface Waiter {
  readonly requester: Passing['requester']
  readonly admit: () => void
  readonly refuse: () => void
}

/**
 * Lets so many pieces of work in at once, and so many wait; whoever comes then is refused at once, and so is a client
 * that has most of it: whatever one takes, there is room for somebody else.
 */
export class Gate {
  readonly #options: GateOptions
  readonly #line = new Set<Waiter>()
  /** How many each client has in work or waiting. */
  readonly #held = new Map<string, number>()
  #running = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  get stats(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#line.size }
  }

  /** Does the work when it is let in; throws `overloaded`, and does nothing, when it is not. */
  async pass<T>(work: () => Promise<T>, { signal, requester }: Passing = {}): Promise<T> {
    signal?.throwIfAborted()
    this.#check(requester)
    const client = requester?.client
    this.#hold(client, 1)
    try {
      await this.#enter({ signal, requester })
      try {
        return await work()
      } finally {
        this.#leave()
      }
    } finally {
      this.#hold(client, -1)
    }
  }

  #check(requester: Passing['requester']): void {
    const { slots, maxQueued, isPressed, isBusy } = this.#options
    const pressed = isPressed(requester)
    if (pressed && isBusy()) throw refusal()
    const free = (pressed ? slots / 2 : slots + maxQueued) - this.#running - this.#line.size
    if (free <= 0) throw refusal()
    const own = this.#held.get(requester?.client ?? '') ?? 0
    if (own >= HELD_FOR_EACH_FREE * free) throw refusal()
  }

  #hold(client: string | undefined, change: 1 | -1): void {
    if (client === undefined) return
    const held = (this.#held.get(client) ?? 0) + change
    if (held > 0) this.#held.set(client, held)
    else this.#held.delete(client)
  }

  async #enter(passing: Passing): Promise<void> {
    if (this.#running >= this.#slots) return this.#wait(passing)
    this.#running += 1
  }

  #wait({ signal, requester }: Passing): Promise<void> {
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
    this.#running -= 1
    for (const waiter of this.#line) {
      if (this.#running >= this.#slots) return
      this.#running += 1
      waiter.admit()
    }
  }

  /** Fewer while every turn of the loop is full of them: whoever is answered in between waits for all of one turn. */
  get #slots(): number {
    const { slots, isBusy } = this.#options
    return isBusy() ? Math.ceil(slots / 2) : slots
  }
}

function refusal(): GatewayError {
  return new GatewayError('overloaded', 'Too much is being looked for; try again in a moment')
}
