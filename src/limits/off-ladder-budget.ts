import { createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { sidesOf } from '../transform/size.ts'
import type { VariantSpec } from '../transform/spec.ts'
import type { SourcePath } from '../urls/image-request.ts'
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
        async take({ at }, spec) {
          const tokens = weightOf(spec)
          const client = address === undefined ? [] : [{ bucket: `client:${limitedAddress(address)}` }]
          missingMs = await buckets.take(
            [
              ...client.map((draw) => ({ ...draw, tokens, perMinute: perMinute.client })),
              { bucket: `source:${shortened(nameOf(at))}`, tokens, perMinute: perMinute.source },
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

/** What one token pays for, in pixels: more than most screens have. */
const PIXELS_A_TOKEN = 4_000_000

/** What a picture costs by the sides that it may come to: a huge one keeps a worker busy as long as many small ones. */
function weightOf(spec: VariantSpec): number {
  if ('facts' in spec) return 1
  const { width, height } = sidesOf(spec)
  const { top = 0, right = 0, bottom = 0, left = 0 } = spec.edits?.border ?? {}
  const longest = width ?? height ?? 0
  const pixels = ((width ?? longest) + left + right) * ((height ?? longest) + top + bottom)
  return Math.max(1, Math.ceil(pixels / PIXELS_A_TOKEN))
}

/** Of what lies on another server without what is behind the `?`: that would be a bucket for each that a stranger thinks of. */
function nameOf(at: SourcePath): string {
  return at.shape === 'remote' ? at.url.replace(/\?.*$/s, '') : at.path
}

/** Paths are as long as keys may be; so many of them are not kept whole. */
function shortened(path: string): string {
  return createHash('sha256').update(path).digest('base64url').slice(0, 22)
}
