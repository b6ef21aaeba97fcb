/** Work on one thing at a time: whoever comes meanwhile waits in line. Different things do not wait for each other. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(thing) ?? Promise.resolve()
    // How it went for whoever was before is theirs to know.
    const turn = before.then(
      () => work(),
      () => work(),
    )
    this.#last.set(thing, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(thing) === turn) this.#last.delete(thing)
    }
  }
}
