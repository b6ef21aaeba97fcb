import type { EdgePolicy } from '../cdn/cache-policy.ts'
import { cacheTags, hostedVariantTag } from '../cdn/cache-tags.ts'
import type { PictureDelivery } from '../http/serve-picture.ts'
import type { Delivered, Headline } from '../variants/answer.ts'
import type { DeliveryRight } from './delivery-visitor.ts'

/** The longest that a copy of a private image is kept, in seconds, by whoever may keep one. */
const PRIVATE_SECONDS = 3_600
/** The longest at an edge that is not told of changes. */
const UNTOLD_SECONDS = 3_600

/** What decides how long answers about one image are kept. */
export interface Keeping {
  readonly itemId: string
  /** The variant that is shown; `undefined` for options of somebody's own. */
  readonly variant?: string | undefined
  /** How long browsers may keep what is public. */
  readonly browserTtlS: number
  readonly right: DeliveryRight
  readonly edge: EdgePolicy
  /** Unix milliseconds. */
  readonly now: () => number
}

/** A delivery whose answers are kept as hosted images are. */
export function keepAnswers(delivery: PictureDelivery, keeping: Keeping): PictureDelivery {
  return {
    knownPath: (request) => delivery.knownPath(request),
    async headline(request, acceptance, asking) {
      const headline = await delivery.headline(request, acceptance, asking)
      return headline && keep(headline, keeping)
    },
    async deliver(request, acceptance, options): Promise<Delivered> {
      const delivered = await delivery.deliver(request, acceptance, options)
      return 'moved' in delivered ? delivered : keep(delivered, keeping)
    },
  }
}

/**
 * The same answer, to be kept by these rules. What is public: by browsers as long as the account or the variant says, at
 * the edge as any picture. What is private: by whoever asked, until their permission ends, an hour at most; in a variant
 * that is always public the same hour by everybody.
 */
export function keep<T extends Headline>(answer: T, keeping: Keeping): T {
  const { cacheClass, edgeSeconds = UNTOLD_SECONDS } = answer
  if (cacheClass === 'D') return { ...answer, canonical: undefined, ...keepingPrivate(keeping) }
  const tags = withVariant(answer.tags, keeping)
  if (cacheClass !== 'B' && cacheClass !== "B'") return { ...answer, tags }
  const browserSeconds = keeping.browserTtlS
  // An edge that is told of paths is told of native ones alone.
  if (cacheClass === 'B' && keeping.edge.purges === 'tags') return { ...answer, tags, browserSeconds }
  return {
    ...answer,
    tags,
    cacheClass: "B'",
    edgeSeconds: Math.min(edgeSeconds, UNTOLD_SECONDS),
    browserSeconds,
  }
}

/** Without the path where the picture is for good: nobody has that by the URL of a hosted image. */
function keepingPrivate(
  keeping: Keeping,
): Pick<Headline, 'cacheClass' | 'edgeSeconds' | 'browserSeconds' | 'tags'> {
  const { right, itemId, now } = keeping
  if (right === 'anybody') {
    const tags = cacheTags({ shape: 'item-cover', path: `items/${itemId}`, itemId })
    // Whether the bucket was heard just now is not known of what is private: so never for longer than untold.
    return {
      cacheClass: "B'",
      edgeSeconds: UNTOLD_SECONDS,
      browserSeconds: PRIVATE_SECONDS,
      tags: withVariant(tags, keeping),
    }
  }
  const endsAt = right !== 'nobody' && right.verdict === 'valid' ? right.expiresAt?.getTime() : undefined
  const left = endsAt === undefined ? PRIVATE_SECONDS : Math.floor((endsAt - now()) / 1000)
  return { cacheClass: 'D', browserSeconds: Math.max(0, Math.min(PRIVATE_SECONDS, left)), tags: '' }
}

function withVariant(tags: string, { variant }: Keeping): string {
  return variant === undefined ? tags : `${tags},${hostedVariantTag(variant)}`
}
