import type { EdgePolicy } from '../cdn/cache-policy.ts'
import type { Config } from '../config.ts'

/** What the configuration says of the edge. */
export function edgePolicyOf(config: Config): EdgePolicy {
  return {
    purges: config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID === undefined ? false : 'tags',
    hearsBucket: false,
    seconds: {
      media: config.HALFTONE_EDGE_TTL_MEDIA_S,
      document: config.HALFTONE_EDGE_TTL_DOCUMENTS_S,
    },
  }
}
