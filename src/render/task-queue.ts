type Taker<T> = (task: T | undefined) => void

/** First in, first out, between those who have tasks and those who wait for one. Unbounded: admission bounds it. */
export class TaskQueue<T extends object> {
  readonly #tasks: T[] = []
  readonly #takers = { idle: new Set<Taker<T>>(), ahead: new Set<Taker<T>>() }
  #isClosed = false

  get size(): number {
    return this.#tasks.length
  }

  push(task: T): void {
    if (!this.#hand(task)) this.#tasks.push(task)
  }

  /** Puts a task before all others: it has had its wait. */
  pushFirst(task: T): void {
    if (!this.#hand(task)) this.#tasks.unshift(task)
  }

  /** Takes back a task that nobody has taken yet. */
  remove(task: T): void {
    const at = this.#tasks.indexOf(task)
    if (at >= 0) this.#tasks.splice(at, 1)
  }

  /**
   * The next task, waited for if need be; `undefined` once the signal is aborted, or the queue closed and empty. Who
   * takes ahead of need gets a task only when nobody idle waits for one.
   */
  async take(signal: AbortSignal, rank: 'idle' | 'ahead' = 'idle'): Promise<T | undefined> {
    if (signal.aborted) return undefined
    const task = this.#tasks.shift()
    if (task || this.#isClosed) return task
    const takers = this.#takers[rank]
    return new Promise((resolve) => {
      const leave = (): void => settle(undefined)
      const settle = (taken: T | undefined): void => {
        takers.delete(settle)
        signal.removeEventListener('abort', leave)
        resolve(taken)
      }
      takers.add(settle)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Lets takers take what is there and sends them away when there is nothing left. */
  close(): void {
    this.#isClosed = true
    for (const settle of this.#waiting()) settle(undefined)
  }

  /** Takes all tasks out at once. */
  drain(): T[] {
    return this.#tasks.splice(0)
  }

  #hand(task: T): boolean {
    const [settle] = this.#waiting()
    settle?.(task)
    return settle !== undefined
  }

  #waiting(): Taker<T>[] {
    return [...this.#takers.idle, ...this.#takers.ahead]
  }
}
