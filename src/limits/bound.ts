import { GatewayError } from '../errors.ts'

/** At most so many at once; one more is refused, and nobody waits. */
export class Bound {
  readonly #max: number
  readonly #what: string
  #inside = 0

  /** `what` there are too many of, for people. */
  constructor(max: number, what: string) {
    this.#max = max
    this.#what = what
  }

  /** Takes a place, and returns what gives it back; throws `overloaded` at once when there is none. */
  enter(): () => void {
    if (this.#inside >= this.#max)
      throw new GatewayError('overloaded', `Too many ${this.#what} at once; try again in a moment`)
    this.#inside += 1
    return () => void (this.#inside -= 1)
  }
}
