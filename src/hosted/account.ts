import { askOrTakeLast, FAILURE_TTL_MS } from '../sources/last-word.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { HostedVariant } from './hosted-images.ts'
import { editKept, readKept } from './kept-record.ts'
import { ACCOUNT_KEY, type AccountRecord, accountRecord, NEW_ACCOUNT } from './records.ts'

export interface AccountOptions {
  readonly store: Pick<ObjectStore, 'get' | 'put'>
  /** How long it is believed without looking again. */
  readonly rememberMs: number
  /** Milliseconds that only ever count up. */
  readonly elapsedMs: () => number
}

const PLACE = { key: ACCOUNT_KEY, schema: accountRecord }

/** What holds for all hosted images: read when it is needed, and believed for a while. */
export class Account {
  readonly #options: AccountOptions
  #state: Promise<AccountRecord> | undefined
  #until = 0
  /** Changes whenever somebody asks or changes something: what was asked before that counts no more. */
  #turn = 0
  /** What the bucket said last, and when it was asked. */
  #last: { readonly value: AccountRecord; readonly at: number } | undefined

  constructor(options: AccountOptions) {
    this.#options = options
  }

  /**
   * What was read within the last seconds; what comes with a new account, where nobody has changed it. While the bucket is
   * away, what it said last.
   */
  recent(): Promise<AccountRecord> {
    const { rememberMs, elapsedMs } = this.#options
    const at = elapsedMs()
    if (this.#state !== undefined && at < this.#until) return this.#state
    this.#until = at + rememberMs
    this.#turn += 1
    this.#state = this.#ask(at, this.#turn)
    return this.#state
  }

  async #ask(at: number, turn: number): Promise<AccountRecord> {
    const last = this.#last && { value: this.#last.value, ageMs: at - this.#last.at }
    try {
      const { value, stale } = await askOrTakeLast(async (signal) => this.current(signal), last)
      const isCurrent = this.#turn === turn
      if (isCurrent && stale) this.#until = this.#options.elapsedMs() + FAILURE_TTL_MS
      if (isCurrent && !stale) this.#last = { value, at }
      return value
    } catch (error) {
      if (this.#turn === turn) this.#state = undefined
      throw error
    }
  }

  /** What holds at this moment. */
  async current(signal?: AbortSignal): Promise<AccountRecord> {
    return (await readKept(this.#options.store, PLACE, signal))?.value ?? NEW_ACCOUNT
  }

  /** Changes it; the same state leaves it. */
  async edit(change: (before: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    try {
      return (await editKept(this.#options.store, PLACE, (before) => change(before ?? NEW_ACCOUNT))).value
    } finally {
      this.#turn += 1
      this.#state = undefined
      // What was said before a change must not stand in for it.
      this.#last = undefined
    }
  }
}

/** A variant of the account by its name. */
export function variantOf({ variants }: AccountRecord, id: string): HostedVariant | undefined {
  const found = Object.hasOwn(variants, id) ? variants[id] : undefined
  return found && { id, ...found }
}
