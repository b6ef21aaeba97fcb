import { LRUCache } from 'lru-cache'
import type { SharedCount } from './shared-count.ts'

/** Tokens out of one bucket, which holds what comes in a minute and fills evenly. */
export interface Draw {
  readonly bucket: string
  readonly perMinute: number
  /** One where it is not said; never more than the bucket holds. */
  readonly tokens?: number | undefined
}

export interface TokenBucketsOptions {
  /** Stands before the names of the buckets where they are shared. */
  readonly name: string
  /** A count that replicas share; without it each counts for itself. */
  readonly shared?: SharedCount | undefined
  /** Milliseconds, for buckets in memory; of a clock that is never set, or one put back would leave them empty. */
  readonly now?: () => number
}

const MINUTE_MS = 60_000

/** Buckets in memory at most; one that is pushed out is full when it is asked for again. */
const MAX_BUCKETS = 50_000

/**
 * All draws or none: of each bucket is kept when it will be full again (GCRA), as its fill follows from that. Answers
 * how many milliseconds are missing. The clock is that of the server, so that all replicas have one.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local missing, full = 0, {}
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[i])
  full[i] = math.max(now, tonumber(redis.call('GET', key) or 0)) + interval
  missing = math.max(missing, full[i] - now - ${MINUTE_MS})
end
if missing >= 1 then return math.ceil(missing) end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.3f', full[i]), 'PX', math.ceil(full[i] - now))
end
return 0
`

/** How long a bucket takes to get back what is drawn. */
function intervalOf({ perMinute, tokens = 1 }: Draw): number {
  return (MINUTE_MS / perMinute) * Math.min(tokens, perMinute)
}

/** Token buckets by name: in memory, or in Valkey or Redis; while that is away in memory again. */
export class TokenBuckets {
  readonly #name: string
  readonly #shared: SharedCount | undefined
  readonly #now: () => number
  /** When each bucket will be full again. */
  readonly #full = new LRUCache<string, number>({ max: MAX_BUCKETS })

  constructor({ name, shared, now = () => performance.now() }: TokenBucketsOptions) {
    this.#name = name
    this.#shared = shared
    this.#now = now
  }

  /** Buckets in memory. */
  get size(): number {
    return this.#full.size
  }

  /** Takes tokens out of each bucket and answers 0; or out of none, and the milliseconds until there are enough in each. */
  async take(draws: readonly Draw[]): Promise<number> {
    const shared = this.#shared
    if (draws.length === 0) return 0
    if (shared === undefined) return this.#takeHere(draws)
    return shared.orElse(
      async () => this.#takeShared(shared, draws),
      async () => this.#takeHere(draws),
    )
  }

  #takeHere(draws: readonly Draw[]): number {
    const now = this.#now()
    const full = draws.map((draw) => Math.max(now, this.#full.get(draw.bucket) ?? 0) + intervalOf(draw))
    const missing = Math.max(...full) - now - MINUTE_MS
    if (missing >= 1) return Math.ceil(missing)
    for (const [index, { bucket }] of draws.entries()) this.#full.set(bucket, full[index] ?? now)
    return 0
  }

  async #takeShared({ client }: SharedCount, draws: readonly Draw[]): Promise<number> {
    // Braces: keys of one script have to lie in one slot of a cluster.
    const keys = draws.map(({ bucket }) => `halftone:{${this.#name}}:${bucket}`)
    return Number(await client.eval(TAKE, keys.length, ...keys, ...draws.map(intervalOf)))
  }
}
