import { type EdgePolicy, untold } from '../cdn/cache-policy.ts'
import { cacheTags, hostedVariantTag } from '../cdn/cache-tags.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Headline } from '../variants/answer.ts'
import type { DeliveryRight } from './delivery-visitor.ts'

/** The longest that a copy of a private image is kept, in seconds, by whoever may keep one. */
const PRIVATE_SECONDS = 3_600

/** What decides how long answers about one image are kept. */
export interface Keeping {
  /** What is shown: the photo, where that is known by now. */
  readonly shown: SourcePath
  /** The variant that is shown; `undefined` for options of somebody's own. */
  readonly variant?: string | undefined
  /** How long browsers may keep what is public. */
  readonly browserTtlS: number
  readonly right: DeliveryRight
  readonly edge: EdgePolicy
  /** Unix milliseconds. */
  readonly now: () => number
}

/**
 * The same answer, to be kept by these rules. What is public: by browsers as long as the account or the variant says, at
 * the edge as any picture. What is private: by whoever asked, until their permission ends, an hour at most; in a variant
 * that is always public the same hour by everybody.
 */
export function keep<T extends Headline>(answer: T, keeping: Keeping): T {
  const { cacheClass } = answer
  if (cacheClass === 'D') return { ...answer, canonical: undefined, ...keepingPrivate(keeping) }
  const tags = withVariant(answer.tags, keeping)
  if (cacheClass !== 'B' && cacheClass !== "B'") return { ...answer, tags }
  // An edge that is told of paths is told of native ones alone.
  const kept = keeping.edge.purges === 'tags' ? answer : untold(answer)
  return { ...kept, tags, browserSeconds: keeping.browserTtlS }
}

/** Without the path where the picture is for good: nobody has that by the URL of a hosted image. */
function keepingPrivate(
  keeping: Keeping,
): Pick<Headline, 'cacheClass' | 'edgeSeconds' | 'browserSeconds' | 'tags'> {
  const { right, shown, now } = keeping
  if (right === 'anybody') {
    // Whether the bucket was heard just now is not known of what is private: so never for longer than untold.
    return {
      cacheClass: "B'",
      edgeSeconds: PRIVATE_SECONDS,
      browserSeconds: PRIVATE_SECONDS,
      tags: withVariant(cacheTags(shown), keeping),
    }
  }
  const endsAt = right !== 'nobody' && right.verdict === 'valid' ? right.expiresAt?.getTime() : undefined
  const left = endsAt === undefined ? PRIVATE_SECONDS : Math.floor((endsAt - now()) / 1000)
  return { cacheClass: 'D', browserSeconds: Math.max(0, Math.min(PRIVATE_SECONDS, left)), tags: '' }
}

function withVariant(tags: string, { variant }: Keeping): string {
  return variant === undefined ? tags : `${tags},${hostedVariantTag(variant)}`
}
