import type { EdgeClock } from './edge.ts'

/** What the API of the edge allows, and how slow it is. */
export interface Quotas {
  /** Paths and tags a second. */
  readonly itemsPerSecond: number
  readonly wildcardsPerSecond: number
  /** The most that one call may hold; else `BatchTooLarge`. */
  readonly itemsPerCall: number
  /** Items whose invalidation is not completed; else `TooManyInvalidationsInProgress`. */
  readonly itemsInProgress: number
  /** From a call until the edge has forgotten. */
  readonly delayMs: number
  /** From a call until its invalidation says `Completed`. */
  readonly completionMs: number
}

/** As documented in 2026, where that is documented at all; the edge forgets at once. */
const DOCUMENTED: Quotas = {
  itemsPerSecond: 150,
  wildcardsPerSecond: 1,
  itemsPerCall: 3000,
  itemsInProgress: Infinity,
  delayMs: 0,
  completionMs: 0,
}

const FREE_ITEMS = 1000
const DOLLARS_PER_ITEM = 0.005
const MAX_PATH = 4000
const TAG = /^#[\x21-\x2b\x2d-\x7e]{1,256}$/
const PATH = /^\/[\x21-\x7d]*$/

export interface Invalidation {
  readonly id: string
  readonly reference: string
  readonly items: readonly string[]
  readonly atMs: number
}

/** A refusal as the API words it. */
export class ApiRefusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface InvalidationsOptions {
  readonly clock: EdgeClock
  /** What forgets. */
  readonly edge?: { invalidate(items: readonly string[]): void } | undefined
  readonly quotas?: Partial<Quotas> | undefined
}

/** The rules of the edge's API: what it takes, what it refuses, what it costs. */
export class Invalidations {
  readonly quotas: Quotas
  /** All that were taken, in order; one that was asked for again is here once. */
  readonly taken: Invalidation[] = []
  /** Calls, those that were refused or repeated included. */
  calls = 0
  readonly #options: InvalidationsOptions
  readonly #pending: Invalidation[] = []
  #failing: { count: number; refusal: ApiRefusal } | undefined

  constructor(options: InvalidationsOptions) {
    this.#options = options
    this.quotas = { ...DOCUMENTED, ...options.quotas }
  }

  /** The next calls are refused so. */
  fail(count: number, status: number, code: string): void {
    this.#failing = { count, refusal: new ApiRefusal(status, code) }
  }

  create(reference: string, items: readonly string[]): Invalidation {
    this.calls += 1
    this.settle()
    if (this.#failing !== undefined && this.#failing.count > 0) {
      this.#failing.count -= 1
      throw this.#failing.refusal
    }
    const same = this.taken.find((invalidation) => invalidation.reference === reference)
    if (same !== undefined) {
      if (sorted(same.items) === sorted(items)) return same
      throw new ApiRefusal(400, 'InvalidationBatchAlreadyExists')
    }
    this.#check(items)
    const atMs = this.#options.clock()
    const invalidation = { id: `I${String(this.taken.length + 1).padStart(13, '0')}`, reference, items, atMs }
    this.taken.push(invalidation)
    this.#pending.push(invalidation)
    this.settle()
    return invalidation
  }

  /** Lets the edge forget what it should have forgotten by now. */
  settle(): void {
    const nowMs = this.#options.clock()
    while (this.#pending[0] && this.#pending[0].atMs + this.quotas.delayMs <= nowMs) {
      const { items } = this.#pending[0]
      this.#pending.shift()
      this.#options.edge?.invalidate(items)
    }
  }

  statusOf({ atMs }: Invalidation): 'InProgress' | 'Completed' {
    return atMs + this.quotas.completionMs <= this.#options.clock() ? 'Completed' : 'InProgress'
  }

  /** Items that were taken. */
  get items(): number {
    return this.taken.reduce((sum, { items }) => sum + items.length, 0)
  }

  /** What a month costs in which there was nothing else. */
  get dollars(): number {
    return Math.max(0, this.items - FREE_ITEMS) * DOLLARS_PER_ITEM
  }

  #check(items: readonly string[]): void {
    const { itemsPerSecond, wildcardsPerSecond, itemsPerCall, itemsInProgress } = this.quotas
    if (items.length > itemsPerCall) throw new ApiRefusal(413, 'BatchTooLarge')
    const wrong = items.find((item) => !isItem(item))
    if (wrong !== undefined || items.length === 0)
      throw new ApiRefusal(400, 'InvalidArgument', `Your request contains an invalid path: ${wrong}`)
    const inProgress = this.taken.filter((one) => this.statusOf(one) === 'InProgress')
    if (count(inProgress) + items.length > itemsInProgress)
      throw new ApiRefusal(400, 'TooManyInvalidationsInProgress')
    const recent = this.taken.filter(({ atMs }) => this.#options.clock() - atMs < 1000)
    const wildcards = [...recent.flatMap((one) => one.items), ...items].filter(isWildcard).length
    if (count(recent) + items.length > itemsPerSecond || wildcards > wildcardsPerSecond)
      throw new ApiRefusal(400, 'Throttling', 'Rate exceeded')
  }
}

const count = (all: readonly Invalidation[]) => all.reduce((sum, { items }) => sum + items.length, 0)
const sorted = (items: readonly string[]) => items.toSorted().join(' ')
const isWildcard = (item: string) => item.startsWith('/') && item.endsWith('*')
const isItem = (item: string) =>
  item.startsWith('#') ? TAG.test(item) : PATH.test(item) && item.length <= MAX_PATH
