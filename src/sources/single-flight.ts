/** What the work of a flight is told and may say. */
export interface FlightControl {
  /** Ends at the flight's own deadline, or when the last waiter has left before `commit`. */
  readonly signal: AbortSignal
  /** From here on the flight is finished even if nobody waits any more. */
  commit(): void
  /** False once the key has been forgotten: the result is for those who wait, and for nobody later. */
  readonly current: boolean
  /** Whether everybody who has joined says that nobody waits for it. */
  readonly isBackground: boolean
}

export interface Joined<T> {
  readonly result: Promise<T>
  /** Whether somebody else had begun the work. */
  readonly collapsed: boolean
}

/** One flight per key: whoever asks while the work is under way shares its result. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()
  readonly #timeoutMs: number
  readonly #timedOut: () => Error

  /** `timedOut` makes the error that a flight past `timeoutMs` ends with. */
  constructor(timeoutMs: number, timedOut: () => Error) {
    this.#timeoutMs = timeoutMs
    this.#timedOut = timedOut
  }

  /** Flights in the air. */
  get size(): number {
    return this.#flights.size
  }

  /** Whether a flight of `key` is in the air. */
  has(key: string): boolean {
    return this.#flights.has(key)
  }

  /**
   * Joins the flight of `key`, or starts one with `work`. A caller whose `signal` ends stops waiting and gets the
   * signal's reason; the flight goes on for the others. A flight is in the background until somebody joins who waits.
   */
  join(
    key: string,
    work: (control: FlightControl) => Promise<T>,
    signal?: AbortSignal,
    isBackground = false,
  ): Joined<T> {
    const existing = this.#flights.get(key)
    if (existing !== undefined) {
      if (!isBackground) existing.isBackground = false
      return { result: existing.wait(signal), collapsed: true }
    }
    const flight = new Flight<T>(this.#timeoutMs, this.#timedOut)
    flight.isBackground = isBackground
    this.#flights.set(key, flight)
    const result = flight.wait(signal)
    flight.start(work, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    })
    return { result, collapsed: false }
  }

  /** Detaches the flights whose key matches: their waiters are served, newcomers start afresh. */
  forget(matches: (key: string) => boolean): void {
    for (const [key, flight] of this.#flights) {
      if (!matches(key)) continue
      flight.current = false
      this.#flights.delete(key)
    }
  }
}

class Flight<T> implements FlightControl {
  current = true
  isBackground = false
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outcome: Promise<T>
  #resolve: (value: T) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  #waiters = 0
  #committed = false
  #landed = false

  constructor(timeoutMs: number, timedOut: () => Error) {
    this.#timer = setTimeout(() => this.#end(timedOut()), timeoutMs)
    this.#outcome = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Every waiter gets the failure; when all have left there is nobody to tell.
    this.#outcome.catch(() => {})
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  commit(): void {
    this.#committed = true
  }

  /** Runs the work; `landed` is called before anybody gets the outcome. */
  start(work: (control: FlightControl) => Promise<T>, landed: () => void): void {
    this.signal.addEventListener('abort', landed, { once: true })
    const settle = (apply: () => void) => {
      this.#landed = true
      clearTimeout(this.#timer)
      landed()
      apply()
    }
    work(this).then(
      (value) => settle(() => this.#resolve(value)),
      (error: unknown) => settle(() => this.#reject(error)),
    )
  }

  async wait(signal?: AbortSignal): Promise<T> {
    this.#waiters += 1
    try {
      return await (signal === undefined ? this.#outcome : abortable(this.#outcome, signal))
    } finally {
      this.#waiters -= 1
      if (this.#waiters === 0 && !this.#committed) this.#end(new Error('Nobody waits any more'))
    }
  }

  #end(reason: Error): void {
    if (this.#landed) return
    clearTimeout(this.#timer)
    this.#reject(reason)
    this.#abort.abort(reason)
  }
}

/** A reason of our own: without one, `abort` makes an exception, with a stack, each time. */
const SETTLED = new Error('Settled')

/** The outcome, or the signal's reason if that comes first. */
async function abortable<T>(outcome: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const settled = new AbortController()
  const left = new Promise<never>((_, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true, signal: settled.signal })
  })
  try {
    return await Promise.race([outcome, left])
  } finally {
    settled.abort(SETTLED)
  }
}
