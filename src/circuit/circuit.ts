export interface CircuitOptions {
  /** How many different subjects have to fail, with no success in between, before the circuit opens. */
  readonly failures?: number
  /** How long it stays open before the first trial; doubles with each trial that fails. */
  readonly pauseMs?: number
  readonly maxPauseMs?: number
  /** After this long a trial that has not ended makes room for another. */
  readonly trialMs?: number
  readonly onTurn?: ((turn: Turn) => void) | undefined
  /** Milliseconds that only ever count up. */
  readonly elapsedMs?: () => number
  /** From 0 to 1: pauses are shortened by up to a half, so that many circuits do not try together. */
  readonly random?: () => number
}

export type CircuitState = 'closed' | 'half-open' | 'open'

/** The circuit has opened, or is closed again after so many milliseconds. */
export type Turn = { readonly to: 'open' } | { readonly to: 'closed'; readonly afterMs: number }

/** Leave to do one piece of work, which is given back by one of these. */
export interface Passage {
  /** Whoever was asked is there. */
  succeed(): void
  /** Whoever was asked is not, or cannot. */
  fail(): void
  /** Nothing was learnt. */
  leave(): void
}

/**
 * Lets work through while it succeeds, and nothing but a trial now and then while it does not. What fails again with the
 * same subject counts once: one broken thing says nothing about all others, however often it is asked for.
 */
export class Circuit {
  readonly #options: Required<Omit<CircuitOptions, 'onTurn'>> & Pick<CircuitOptions, 'onTurn'>
  /** What has failed since the last success. */
  readonly #failed = new Set<string>()
  /** What passed before the circuit last turned tells nothing of how things are after it. */
  #era = 0
  #openedAt: number | undefined
  #pauseMs = 0
  #retryAt = 0
  #trial: { readonly until: number } | undefined
  /** What the last trial was about, when it failed: others are tried before it. */
  #suspect: string | undefined
  #opened = 0
  #refused = 0

  constructor(options: CircuitOptions = {}) {
    this.#options = {
      failures: 5,
      pauseMs: 500,
      maxPauseMs: 2_000,
      trialMs: 2_000,
      elapsedMs: () => performance.now(),
      random: Math.random,
      ...options,
    }
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return 'closed'
    return this.#isTried() ? 'half-open' : 'open'
  }

  /** How often it has opened, and how much work it has refused. */
  get counts(): { opened: number; refused: number } {
    return { opened: this.#opened, refused: this.#refused }
  }

  /** Leave for work on the subject; `undefined` when it must not be done now. */
  enter(subject: string): Passage | undefined {
    if (this.#openedAt === undefined) return this.#pass(subject)
    const patience = subject === this.#suspect ? this.#pauseMs : 0
    if (this.#isTried() || this.#options.elapsedMs() < this.#retryAt + patience) {
      this.#refused += 1
      return undefined
    }
    return this.#try(subject)
  }

  #isTried(): boolean {
    return this.#trial !== undefined && this.#options.elapsedMs() < this.#trial.until
  }

  #pass(subject: string): Passage {
    const inEra = this.#untilItTurns()
    return {
      succeed: inEra(() => this.#failed.clear()),
      fail: inEra(() => {
        this.#failed.add(subject)
        if (this.#failed.size >= this.#options.failures) this.#open()
      }),
      leave: () => {},
    }
  }

  #try(subject: string): Passage {
    const { elapsedMs, trialMs } = this.#options
    const trial = { until: elapsedMs() + trialMs }
    this.#trial = trial
    const inEra = this.#untilItTurns()
    const whileLast = (then: () => void) =>
      inEra(() => {
        if (trial === this.#trial) then()
      })
    return {
      // However late: whoever was asked is there.
      succeed: inEra(() => this.#close()),
      fail: whileLast(() => {
        this.#suspect = subject
        this.#wait(this.#pauseMs * 2)
      }),
      leave: whileLast(() => {
        this.#trial = undefined
      }),
    }
  }

  /** Makes ends of a passage that do nothing once the circuit has turned. */
  #untilItTurns(): (then: () => void) => () => void {
    const era = this.#era
    return (then) => () => {
      if (era === this.#era) then()
    }
  }

  #open(): void {
    this.#era += 1
    this.#opened += 1
    this.#openedAt = this.#options.elapsedMs()
    this.#wait(this.#options.pauseMs)
    this.#options.onTurn?.({ to: 'open' })
  }

  #close(): void {
    const { elapsedMs, onTurn } = this.#options
    const afterMs = elapsedMs() - (this.#openedAt ?? elapsedMs())
    this.#era += 1
    this.#openedAt = undefined
    this.#trial = undefined
    this.#suspect = undefined
    this.#failed.clear()
    onTurn?.({ to: 'closed', afterMs })
  }

  #wait(pauseMs: number): void {
    const { elapsedMs, maxPauseMs, random } = this.#options
    this.#trial = undefined
    this.#pauseMs = Math.min(pauseMs, maxPauseMs)
    this.#retryAt = elapsedMs() + this.#pauseMs * (0.5 + random() / 2)
  }
}
