import { GatewayError } from '../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { JOURNAL_KEY, parseJournal } from './journal.ts'

export interface JournalReaderOptions {
  readonly store: Pick<ObjectStore, 'get'>
  /** Pause between two readings. */
  readonly intervalMs: number
  /** A reading that takes longer has failed. */
  readonly timeoutMs: number
  /** Without a successful reading for longer, this replica is behind. */
  readonly maxLagMs: number
  /** Called with the paths that changed, before the reading counts as done. */
  readonly onChange: (paths: readonly string[]) => void
  /** Called when entries were missed: anything may have changed. */
  readonly onGap: () => void
  /** Called with each failed reading. */
  readonly onFailure: (error: unknown) => void
}

/** Follows the journal, so that what another replica has forgotten is forgotten here too. */
export class JournalReader {
  readonly #options: JournalReaderOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #etag: string | undefined
  #seq: number | undefined
  /** On the clock that nobody sets: one put back must not hide that this replica is behind. */
  #readAt: number | undefined
  #reachable = false
  #hasFailed = false

  constructor(options: JournalReaderOptions) {
    this.#options = options
  }

  /** Whether the last reading succeeded: the bucket answers. */
  get reachable(): boolean {
    return this.#reachable
  }

  /** Whether changes may have been missed for longer than is allowed. */
  get behind(): boolean {
    return this.#readAt === undefined || this.lagMs > this.#options.maxLagMs
  }

  /** Milliseconds since the last successful reading; since the program began where there was none. */
  get lagMs(): number {
    return performance.now() - (this.#readAt ?? 0)
  }

  /** Reads once, then goes on reading until `close`. A first reading that fails is only reported: later ones may succeed. */
  async start(): Promise<void> {
    await this.read()
    this.#running = this.#follow()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** One reading, now. */
  async read(): Promise<void> {
    const { timeoutMs, onFailure } = this.#options
    // The time before the call: what is written while it runs may not be in it.
    const startedAt = performance.now()
    try {
      await within(timeoutMs, this.#stop.signal, (signal) => this.#readOnce(signal))
      this.#readAt = startedAt
      this.#reachable = true
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#reachable = false
      this.#hasFailed = true
      onFailure(error)
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const condition = this.#etag === undefined ? {} : { ifNoneMatch: this.#etag }
    const result = await this.#options.store.get(JOURNAL_KEY, { ...condition, signal })
    if (result.outcome === 'found') {
      this.#apply(parseJournal(result.object))
      this.#etag = result.object.etag
    } else if (result.outcome === 'absent') {
      this.#applyAbsence()
    }
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Replicas that were started together do not read together.
      await pause(this.#options.intervalMs * (0.9 + 0.1 * Math.random()), this.#stop.signal)
      if (!this.#stop.signal.aborted) await this.read()
    }
  }

  #apply(entries: ReturnType<typeof parseJournal>): void {
    const known = this.#seq
    const newest = entries.at(-1)?.seq ?? 0
    const oldest = entries[0]?.seq ?? 1
    this.#seq = newest
    if (known === undefined) {
      // The first reading only says where we stand: nothing is remembered from before it, unless the bucket was away at
      // the start and came back for look-ups before it came back for this.
      if (this.#hasFailed) this.#options.onGap()
      return
    }
    if (newest < known || oldest > known + 1) return this.#options.onGap()
    const paths = entries.filter((entry) => entry.seq > known).flatMap((entry) => entry.paths)
    if (paths.length > 0) this.#options.onChange(paths)
  }

  #applyAbsence(): void {
    this.#etag = undefined
    if (this.#seq !== undefined && this.#seq > 0) this.#options.onGap()
    this.#seq = 0
  }
}

/** Does the work with a signal that ends after `timeoutMs`, or when `stop` does. */
async function within(
  timeoutMs: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // Not AbortSignal.any: a signal that lives as long as the program would keep a reference to each made of it.
  const ending = new AbortController()
  const end = () => ending.abort(stop.reason)
  const timer = setTimeout(() => ending.abort(timedOut(timeoutMs)), timeoutMs)
  stop.addEventListener('abort', end, { once: true })
  try {
    await work(ending.signal)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', end)
  }
}

function timedOut(ms: number): GatewayError {
  return new GatewayError('timed_out', `No answer within ${ms} ms`)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
