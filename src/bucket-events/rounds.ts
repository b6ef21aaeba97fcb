/** Work for many at once: what comes while a round runs is done in the next, and whoever brought it waits for that. */
export class Rounds<T> {
  readonly #work: (items: readonly T[]) => Promise<void>
  #waiting: T[] = []
  #next: Promise<void> | undefined
  #running: Promise<unknown> = Promise.resolve()

  constructor(work: (items: readonly T[]) => Promise<void>) {
    this.#work = work
  }

  /** Resolves when the round that the items are in is done; rejects when that round has failed. */
  async add(items: readonly T[]): Promise<void> {
    for (const item of items) this.#waiting.push(item)
    this.#next ??= this.#begin()
    await this.#next
  }

  async #begin(): Promise<void> {
    // How the round before ended is told to those who wait for it.
    await Promise.allSettled([this.#running])
    this.#next = undefined
    const round = this.#work(this.#waiting.splice(0))
    this.#running = round
    await round
  }
}
