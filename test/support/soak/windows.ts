interface Window {
  readonly fromMs: number
  toMs: number
}

/** When something was wrong on purpose, each time with what it takes to get over it. */
export class Windows {
  readonly #windows: Window[] = []

  /** Opens one at this time; what is returned closes it. */
  open(fromMs: number): (toMs: number) => void {
    const window: Window = { fromMs, toMs: Infinity }
    this.#windows.push(window)
    return (toMs) => void (window.toMs = Math.max(fromMs, toMs))
  }

  /** Whether one was open at some time between these. */
  touch(fromMs: number, toMs: number): boolean {
    return this.#windows.some((window) => window.fromMs <= toMs && window.toMs >= fromMs)
  }

  /** Milliseconds between these times in which none was open. */
  quietMs(fromMs: number, toMs: number): number {
    let quiet = 0
    let at = fromMs
    for (const window of this.#windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
      if (window.fromMs >= toMs) break
      quiet += Math.max(0, window.fromMs - at)
      at = Math.max(at, window.toMs)
    }
    return quiet + Math.max(0, toMs - at)
  }
}
