import type { Asker } from './asker.ts'

type Owners = Asker['owners']

/** What owners are remembered to have been served, at most; beyond, all are equal again. */
const MAX_SERVED = 10_000

/**
 * What every owner has in use, and how far ahead of its kind it has been served. After start-time fair queueing: each
 * kind has a clock that stands where its last turn began, and each owner a time at which its turns are made up for.
 */
export class Ledger {
  readonly #using = new Map<string, number>()
  readonly #served = new Map<string, number>()
  readonly #clocks = new Map<string, number>()

  /** Whether one of these owners has as much as it may have: as `mayHave` says of its kind. */
  isFull(owners: Owners, mayHave: (kind: string) => number): boolean {
    return namesOf(owners).some(([kind, name]) => (this.#using.get(name) ?? 0) >= mayHave(kind))
  }

  /** The names of these owners, and of those among them that have something, and more than `limit`. */
  sharesOf(
    owners: Owners,
    limit: number,
  ): { readonly own: readonly string[]; readonly beyond: readonly string[] } {
    const own = namesOf(owners).map(([, name]) => name)
    return { own, beyond: own.filter((name) => (this.#using.get(name) ?? 0) > Math.max(0, limit)) }
  }

  /** How far these owners are ahead of others of their kinds: whoever is least ahead is next. */
  lead(owners: Owners): number {
    return namesOf(owners).reduce((sum, [kind, name]) => sum + this.#leadOf(kind, name), 0)
  }

  /** Notes what is in use from now on. */
  take(owners: Owners, amount: number): void {
    for (const [, name] of namesOf(owners)) this.#using.set(name, (this.#using.get(name) ?? 0) + amount)
  }

  /** Notes what is not any more. */
  giveBack(owners: Owners, amount: number): void {
    for (const [, name] of namesOf(owners)) {
      const left = (this.#using.get(name) ?? 0) - amount
      if (left > 0) this.#using.set(name, left)
      else this.#using.delete(name)
    }
  }

  /** Notes that these owners have had a turn that costs so much. */
  serve(owners: Owners, cost: number): void {
    if (this.#served.size > MAX_SERVED) this.forget()
    for (const [kind, name] of namesOf(owners)) {
      const start = this.#clockOf(kind) + this.#leadOf(kind, name)
      this.#clocks.set(kind, start)
      this.#served.set(name, start + cost)
    }
  }

  /** Forgets who has been served: when nobody waits, nobody is ahead of anybody. */
  forget(): void {
    this.#served.clear()
    this.#clocks.clear()
  }

  #leadOf(kind: string, name: string): number {
    return Math.max(0, (this.#served.get(name) ?? 0) - this.#clockOf(kind))
  }

  #clockOf(kind: string): number {
    return this.#clocks.get(kind) ?? 0
  }
}

/** Asked for whenever the next of a line is chosen, of everybody in it. */
const names = new WeakMap<Owners, readonly (readonly [kind: string, name: string])[]>()

function namesOf(owners: Owners): readonly (readonly [kind: string, name: string])[] {
  const known = names.get(owners)
  if (known !== undefined) return known
  const made = Object.entries(owners).map(([kind, owner]) => [kind, `${kind} ${owner}`] as const)
  names.set(owners, made)
  return made
}
