/** Runs work one after the other for equal keys, side by side for different ones. */
export class KeyLock {
  readonly #tails = new Map<string, Promise<void>>()

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work)
    const tail = result.then(ignore, ignore)
    this.#tails.set(key, tail)
    try {
      return await result
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}

/** The next in line waits for the end of the work, whatever came of it: its caller is told. */
function ignore(): void {}
