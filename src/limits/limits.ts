import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible'
import type { SharedCount } from './shared-count.ts'

/** What is counted: each has a limit of its own. */
export const LIMIT_NAMES = ['tickets', 'completes', 'private-renders'] as const
export type LimitName = (typeof LIMIT_NAMES)[number]

/** Who is counted. */
export interface Caller {
  /** The id of a principal; `undefined` for somebody who has not said who they are. */
  readonly principal: string | undefined
  /** What `limitedAddress` makes of a client's address. */
  readonly address: string | undefined
}

/** What a caller has left after having asked for one more. */
export interface Allowance {
  readonly isGranted: boolean
  readonly quota: number
  readonly remaining: number
  readonly windowS: number
  /** Until the window is over. */
  readonly resetS: number
}

/** How often callers may do what is dear, counted by user and by address. */
export interface Limits {
  /**
   * Takes one from what the user has left, and one from what the address has; the smaller rest is told. `undefined`
   * where there is no limit.
   */
  take(name: LimitName, caller: Caller): Promise<Allowance | undefined>
  /** Resolves once limits are counted where they are shared; rejects when that cannot be reached. */
  ready(): Promise<void>
  close(): void
}

export interface LimitsOptions {
  /** For one user; 0 is no limit. */
  readonly perMinute: Readonly<Record<LimitName, number>>
  /** How many users' worth an address may take: many people come from one address. */
  readonly usersPerAddress: number
  /** A count that replicas share; without it each counts for itself. Closed with the limits. */
  readonly shared?: SharedCount | undefined
}

const WINDOW_S = 60

/**
 * Counts in fixed windows of a minute: in memory, or in Valkey or Redis; while that is away in memory again, so that a
 * limit never refuses what it cannot count.
 */
export function createLimits({ perMinute, usersPerAddress, shared }: LimitsOptions): Limits {
  const limiters = new Map(
    LIMIT_NAMES.filter((name) => perMinute[name] > 0).map((name) => {
      const quota = perMinute[name]
      const user = new Limiter(`${name}:user`, quota, shared)
      const address = new Limiter(`${name}:address`, quota * usersPerAddress, shared)
      return [name, { user, address }]
    }),
  )
  return {
    async take(name, { principal, address }) {
      const limiter = limiters.get(name)
      if (limiter === undefined) return undefined
      const byUser = principal === undefined ? undefined : await limiter.user.take(principal)
      // What was refused already costs the address nothing.
      if (byUser?.isGranted === false || address === undefined) return byUser
      return tighter(byUser, await limiter.address.take(address))
    },
    ready: async () => shared?.ready(),
    close: () => shared?.close(),
  }
}

class Limiter {
  readonly #memory: RateLimiterAbstract
  readonly #shared: RateLimiterAbstract | undefined
  readonly #count: SharedCount | undefined

  constructor(name: string, points: number, count: SharedCount | undefined) {
    const limit = { keyPrefix: `halftone:limit:${name}`, points, duration: WINDOW_S }
    this.#count = count
    this.#memory = new RateLimiterMemory(limit)
    this.#shared =
      count && new RateLimiterRedis({ ...limit, storeClient: count.client, rejectIfRedisNotReady: true })
  }

  async take(key: string): Promise<Allowance> {
    const shared = this.#shared
    if (shared === undefined || this.#count === undefined) return takeOne(this.#memory, key)
    return this.#count.orElse(
      async () => takeOne(shared, key),
      async () => takeOne(this.#memory, key),
    )
  }
}

async function takeOne(limiter: RateLimiterAbstract, key: string): Promise<Allowance> {
  try {
    return allowance(limiter, await limiter.consume(key), true)
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return allowance(limiter, refusal, false)
    throw refusal
  }
}

function allowance(
  { points }: RateLimiterAbstract,
  { remainingPoints, msBeforeNext }: RateLimiterRes,
  isGranted: boolean,
): Allowance {
  const resetS = Math.max(1, Math.ceil(msBeforeNext / 1000))
  return { isGranted, quota: points, remaining: remainingPoints, windowS: WINDOW_S, resetS }
}

function tighter(one: Allowance | undefined, other: Allowance): Allowance {
  if (one === undefined || !other.isGranted) return other
  return one.remaining <= other.remaining ? one : other
}
