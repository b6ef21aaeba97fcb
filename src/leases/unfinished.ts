import { setTimeout as pause } from 'node:timers/promises'

export interface UnfinishedOptions<T> {
  /** Does what is left of it; may be called again after it has failed anywhere. */
  readonly finish: (work: T) => Promise<void>
  /** Called when it is done after all. */
  readonly onFinished?: ((work: T) => void) | undefined
  /** Called once a round, with the first piece that failed again, and how many are left. */
  readonly onFailure: (error: unknown, work: T, left: number) => void
  /** Between two rounds, in milliseconds: the first, and the longest. By default 0.5 to 5 seconds. */
  readonly pauses?: { readonly firstMs: number; readonly longestMs: number } | undefined
}

/** More than these are left to whoever looks for what was cut short. */
const MOST = 1000

/**
 * Work that was promised, and of which something has failed: it is finished here as soon as the bucket answers again.
 * For what this process does not live to finish there has to be a note in the bucket.
 */
export class Unfinished<T> {
  readonly #options: UnfinishedOptions<T>
  readonly #left = new Set<T>()
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: UnfinishedOptions<T>) {
    this.#options = options
  }

  /** How many are left. */
  get count(): number {
    return this.#left.size
  }

  /** Takes one over, and tries it in a moment. */
  add(work: T): void {
    if (this.#left.size >= MOST) return
    this.#left.add(work)
    this.#running ??= this.#follow().finally(() => (this.#running = undefined))
  }

  /** Tries what is left once more, and ends. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #follow(): Promise<void> {
    const { firstMs, longestMs } = this.#options.pauses ?? { firstMs: 500, longestMs: 5000 }
    let pauseMs = firstMs
    while (this.#left.size > 0) {
      // Replicas that were left alone together need not come back together.
      const isLast = !(await this.#rest(pauseMs * (0.5 + Math.random() / 2)))
      const isBetter = await this.#tryAll()
      if (isLast) return
      pauseMs = isBetter ? firstMs : Math.min(longestMs, 2 * pauseMs)
    }
  }

  /** Whether it went on to the end. */
  async #rest(ms: number): Promise<boolean> {
    const { signal } = this.#stop
    return signal.aborted ? false : pause(ms, true, { signal }).catch(() => false)
  }

  /** Whether at least one is finished. */
  async #tryAll(): Promise<boolean> {
    const { finish, onFinished, onFailure } = this.#options
    const before = this.#left.size
    const failed: { readonly error: unknown; readonly work: T }[] = []
    for (const work of this.#left) {
      try {
        await finish(work)
        this.#left.delete(work)
        onFinished?.(work)
      } catch (error) {
        failed.push({ error, work })
      }
    }
    const [first] = failed
    if (first !== undefined) onFailure(first.error, first.work, this.#left.size)
    return this.#left.size < before
  }
}
