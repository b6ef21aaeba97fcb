import { setTimeout as pause } from 'node:timers/promises'
import { finishChange } from './aftermath.ts'
import type { Announcements, PendingChange } from './pending-change.ts'

export interface UnfinishedChangesOptions extends Announcements {
  /** Called when a change that was left is finished after all. */
  readonly onFinished: (pending: PendingChange) => void
  /** Called once a round, with what kept the first of those that are left from being finished, and how many are left. */
  readonly onFailure: (error: unknown, left: number) => void
  /** Between two tries, in milliseconds: the first, and the longest. By default 0.5 to 5 seconds. */
  readonly pauses?: { readonly firstMs: number; readonly longestMs: number }
}

/** More than these are left to whoever looks for changes that were cut short. */
const MOST = 1000

/**
 * Changes that are made and acknowledged, of which something that follows has failed: they are finished here as soon as
 * the bucket answers again. Of those that this process does not live to finish the announcement lies in the bucket.
 */
export class UnfinishedChanges {
  readonly #options: UnfinishedChangesOptions
  readonly #left = new Map<string, PendingChange>()
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: UnfinishedChangesOptions) {
    this.#options = options
  }

  /** How many are left. */
  get count(): number {
    return this.#left.size
  }

  /** Takes one over, and tries it in a moment. */
  add(pending: PendingChange): void {
    if (this.#left.size >= MOST) return
    this.#left.set(pending.id, pending)
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
      const isLast = !(await this.#rest(pauseMs * (0.5 + Math.random() / 2)))
      const isBetter = await this.#tryAll()
      if (isLast) return
      pauseMs = isBetter ? firstMs : Math.min(longestMs, 2 * pauseMs)
    }
  }

  /** Whether it went on to the end. */
  async #rest(ms: number): Promise<boolean> {
    if (this.#stop.signal.aborted) return false
    const { signal } = this.#stop
    return pause(ms, true, { signal }).catch(() => false)
  }

  /** Whether at least one is finished. */
  async #tryAll(): Promise<boolean> {
    const before = this.#left.size
    const failures: unknown[] = []
    for (const [id, pending] of this.#left) {
      try {
        await finishChange(this.#options, pending)
        this.#left.delete(id)
        this.#options.onFinished(pending)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) this.#options.onFailure(failures[0], this.#left.size)
    return this.#left.size < before
  }
}
