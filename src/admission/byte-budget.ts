interface Waiter {
  readonly weight: number
  readonly admit: () => void
}

/** Bounds how many bytes are in flight at once. First come, first served: a large one is not overtaken for ever. */
export class ByteBudget {
  readonly #capacity: number
  readonly #line = new Set<Waiter>()
  #used = 0

  constructor(capacityBytes: number) {
    this.#capacity = capacityBytes
  }

  get stats(): { readonly usedBytes: number; readonly waiting: number } {
    return { usedBytes: this.#used, waiting: this.#line.size }
  }

  /** Does the work while `bytes` of the budget are taken. More than the whole budget takes all of it, and so passes alone. */
  async use<T>(bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const weight = Math.min(bytes, this.#capacity)
    await this.#take(weight, signal)
    try {
      return await work()
    } finally {
      this.#used -= weight
      this.#admit()
    }
  }

  async #take(weight: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#line.size > 0 || this.#used + weight > this.#capacity) return this.#wait(weight, signal)
    this.#used += weight
  }

  #wait(weight: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const admit = (): void => {
        leave()
        this.#used += weight
        resolve()
      }
      const waiter: Waiter = { weight, admit }
      const abort = (): void => {
        leave()
        reject(signal?.reason)
        // Whoever stood behind a large one that has left may fit now.
        this.#admit()
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#line.add(waiter)
    })
  }

  #admit(): void {
    for (const waiter of this.#line) {
      if (this.#used + waiter.weight > this.#capacity) return
      waiter.admit()
    }
  }
}
