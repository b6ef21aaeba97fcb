import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
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
  /** Makes one size, and stores it; throws `overloaded` where it had to give way. */
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
    const { formats, prepare, onFailure } = this.#options
    const wanted = work.presets.flatMap((preset) => formats.map((format) => ({ preset, format })))
    try {
      for (const { preset, format } of wanted) {
        await this.#atLeisure(async () => prepare(work.path, preset, format))
      }
    } catch (error) {
      onFailure(error, work)
    }
  }

  /** Does it once nobody waits, and again when it had to give way meanwhile; not any more when the queue is closed. */
  async #atLeisure(work: () => Promise<void>): Promise<void> {
    const { isBusy, pauseMs = 50 } = this.#options
    while (!this.#isClosed) {
      if (!isBusy() && (await hasRoomFor(work))) return
      await pause(pauseMs)
    }
  }
}

async function hasRoomFor(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'overloaded') return false
    throw error
  }
}
