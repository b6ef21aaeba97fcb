import { createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { OffLadder } from '../variants/answer.ts'
import { limitedAddress } from './client-address.ts'
import type { SharedCount } from './shared-count.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface OffLadderBudgetOptions {
  /** Renders in sizes of strangers' own; 0 is no limit. */
  readonly perMinute: { readonly client: number; readonly source: number }
  readonly shared?: SharedCount | undefined
  readonly now?: () => number
}

/** Whoever asks for a picture in a size of their own. */
export interface OffLadderClient {
  readonly address: string | undefined
  /** Tells the client when to come again. */
  readonly setHeader: (name: string, value: string) => void
}

/** How many pictures are made in sizes that strangers choose: so many for a client, and so many of a source. */
export interface OffLadderBudget {
  /** What one request may draw on. */
  of(client: OffLadderClient): OffLadder
}

/** Counts in token buckets that hold what comes in a minute: a page full of pictures passes at once, a flood does not. */
export function createOffLadderBudget({ perMinute, shared, now }: OffLadderBudgetOptions): OffLadderBudget {
  const buckets = new TokenBuckets({ name: 'off-ladder', shared, ...(now && { now }) })
  return {
    of({ address, setHeader }) {
      let missingMs = 0
      return {
        async take({ at }) {
          const client = address === undefined ? [] : [{ bucket: `client:${limitedAddress(address)}` }]
          missingMs = await buckets.take(
            [
              ...client.map((draw) => ({ ...draw, perMinute: perMinute.client })),
              { bucket: `source:${shortened(at.path)}`, perMinute: perMinute.source },
            ].filter((draw) => draw.perMinute > 0),
          )
          return missingMs === 0
        },
        refusal() {
          const seconds = Math.max(1, Math.ceil(missingMs / 1000))
          setHeader('retry-after', `${seconds}`)
          return new GatewayError(
            'too_many_requests',
            `Too many pictures are asked for in sizes of their own: try again in ${seconds} s, or ask for a size on the ladder`,
          )
        },
      }
    },
  }
}

/** Paths are as long as keys may be; so many of them are not kept whole. */
function shortened(path: string): string {
  return createHash('sha256').update(path).digest('base64url').slice(0, 22)
}
