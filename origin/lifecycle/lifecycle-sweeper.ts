import { type SweepParts, sweep } from './sweep.ts'

/** Carries out lifecycle rules again and again in the background, one sweep at a time. */
export class LifecycleSweeper {
  readonly #parts: SweepParts
  readonly #intervalMs: number
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: SweepParts, intervalMs: number) {
    this.#parts = parts
    this.#intervalMs = intervalMs
  }

  /** Begins the first sweep; the next follows the interval after the end of the one before. */
  start(): void {
    this.#running = this.#sweep().finally(() => {
      if (this.#stopping.signal.aborted) return
      this.#timer = setTimeout(() => this.start(), this.#intervalMs)
      this.#timer.unref()
    })
  }

  /** Begins no further sweep; resolves when the one under way has ended, which is soon. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  async #sweep(): Promise<void> {
    try {
      await sweep(this.#parts, this.#stopping.signal)
    } catch (error) {
      this.#parts.log({ msg: 'lifecycle failed', error: String(error) })
    }
  }
}
