import { Redis } from 'iovalkey'
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRes,
  RateLimiterValkey,
} from 'rate-limiter-flexible'
import type { Logger } from '../telemetry/log.ts'

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
  close(): void
}

export interface LimitsOptions {
  /** For one user; 0 is no limit. */
  readonly perMinute: Readonly<Record<LimitName, number>>
  /** How many users' worth an address may take: many people come from one address. */
  readonly usersPerAddress: number
  /** A Valkey or Redis that replicas share; without it each counts for itself. */
  readonly redisUrl?: string | undefined
  readonly log: Pick<Logger, 'info' | 'warn'>
}

const WINDOW_S = 60
/** A shared count that takes longer than this is not worth the wait. */
const COMMAND_TIMEOUT_MS = 500
const CONNECT_TIMEOUT_MS = 2_000
const MAX_RECONNECT_DELAY_MS = 5_000

/**
 * Counts in fixed windows of a minute: in memory, or in Valkey or Redis; while that is away in memory again, so that a
 * limit never refuses what it cannot count.
 */
export function createLimits({ perMinute, usersPerAddress, redisUrl, log }: LimitsOptions): Limits {
  const client = redisUrl === undefined ? undefined : connect(redisUrl, log)
  const limiters = new Map(
    LIMIT_NAMES.filter((name) => perMinute[name] > 0).map((name) => {
      const quota = perMinute[name]
      const user = createLimiter(`${name}:user`, quota, client)
      const address = createLimiter(`${name}:address`, quota * usersPerAddress, client)
      return [name, { user, address }]
    }),
  )
  return {
    async take(name, { principal, address }) {
      const limiter = limiters.get(name)
      if (limiter === undefined) return undefined
      const byUser = principal === undefined ? undefined : await takeOne(limiter.user, principal)
      // What was refused already costs the address nothing.
      if (byUser?.isGranted === false || address === undefined) return byUser
      return tighter(byUser, await takeOne(limiter.address, address))
    },
    close: () => client?.disconnect(),
  }
}

function createLimiter(name: string, points: number, client: Redis | undefined): RateLimiterAbstract {
  const limit = { keyPrefix: `halftone:limit:${name}`, points, duration: WINDOW_S }
  const memory = new RateLimiterMemory(limit)
  if (client === undefined) return memory
  return new RateLimiterValkey({
    ...limit,
    storeClient: client,
    insuranceLimiter: memory,
    rejectIfValkeyNotReady: true,
  })
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

/** Connects, and again whenever the connection is lost; says so once each time. */
function connect(url: string, log: LimitsOptions['log']): Redis {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 200, MAX_RECONNECT_DELAY_MS),
  })
  let isAway = false
  client.on('error', (err: Error) => {
    if (!isAway) log.warn({ err }, 'limits are counted in memory: the shared count is away')
    isAway = true
  })
  client.on('ready', () => {
    if (isAway) log.info('limits are counted together again')
    isAway = false
  })
  return client
}
