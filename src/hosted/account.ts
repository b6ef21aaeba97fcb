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
  #known: { readonly state: Promise<AccountRecord>; readonly until: number } | undefined

  constructor(options: AccountOptions) {
    this.#options = options
  }

  /** What was read within the last seconds; what comes with a new account, where nobody has changed it. */
  recent(): Promise<AccountRecord> {
    const { rememberMs, elapsedMs } = this.#options
    if (this.#known !== undefined && elapsedMs() < this.#known.until) return this.#known.state
    const state = this.current()
    const mine = { state, until: elapsedMs() + rememberMs }
    this.#known = mine
    state.catch(() => {
      if (this.#known === mine) this.#known = undefined
    })
    return state
  }

  /** What holds at this moment. */
  async current(): Promise<AccountRecord> {
    return (await readKept(this.#options.store, PLACE))?.value ?? NEW_ACCOUNT
  }

  /** Changes it; the same state leaves it. */
  async edit(change: (before: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    try {
      return (await editKept(this.#options.store, PLACE, (before) => change(before ?? NEW_ACCOUNT))).value
    } finally {
      this.#known = undefined
    }
  }
}

/** A variant of the account by its name. */
export function variantOf({ variants }: AccountRecord, id: string): HostedVariant | undefined {
  const found = Object.hasOwn(variants, id) ? variants[id] : undefined
  return found && { id, ...found }
}
