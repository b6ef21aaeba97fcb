import { setTimeout as pause } from 'node:timers/promises'
import type { OutputFormat } from '../transform/spec.ts'

/** Sizes of a picture that somebody will ask for soon. */
export interface Preparation {
  /** The path that shows the picture. */
  readonly path: string
  /** Names of sizes. */
  readonly presets: readonly string[]
}

export interface PreparationOptions {
  /** Every size is made in each of them. */
  readonly formats: readonly OutputFormat[]
  /** Makes one size, and stores it. */
  readonly prepare: (path: string, preset: string, format: OutputFormat) => Promise<void>
  /** Whether somebody waits for a picture of their own. */
  readonly isBusy: () => boolean
  /** Beyond so many pictures those that come are left to whoever asks for them first. */
  readonly maxQueued: number
  /** Nobody waits for it: it is made when it is asked for. */
  readonly onFailure: (error: unknown, work: Preparation) => void
  readonly pauseMs?: number
}

/** Makes sizes of new pictures behind people's requests: one at a time, and none while somebody waits. */
export class PreparationQueue {
  readonly #options: PreparationOptions
  readonly #queue: Preparation[] = []
  #lane: Promise<void> = Promise.resolve()
  #isRunning = false
  #isClosed = false

  constructor(options: PreparationOptions) {
    this.#options = options
  }

  /** Pictures that wait. */
  get size(): number {
    return this.#queue.length
  }

  /** False when it is left to whoever asks. */
  add(work: Preparation): boolean {
    if (this.#isClosed || work.presets.length === 0 || this.#queue.length >= this.#options.maxQueued)
      return false
    this.#queue.push(work)
    if (!this.#isRunning) this.#lane = this.#run()
    return true
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    return this.#lane
  }

  /** Drops what waits; resolves when what is being made is ready. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#queue.length = 0
    return this.#lane
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift())
      await this.#make(work)
    this.#isRunning = false
  }

  async #make(work: Preparation): Promise<void> {
    const { formats, prepare, isBusy, onFailure, pauseMs = 50 } = this.#options
    const wanted = work.presets.flatMap((preset) => formats.map((format) => ({ preset, format })))
    try {
      for (const { preset, format } of wanted) {
        while (isBusy() && !this.#isClosed) await pause(pauseMs)
        if (this.#isClosed) return
        await prepare(work.path, preset, format)
      }
    } catch (error) {
      onFailure(error, work)
    }
  }
}
