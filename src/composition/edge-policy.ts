import type { EdgePolicy } from '../cdn/cache-policy.ts'
import type { Config } from '../config.ts'
import { hasBucketEvents } from './bucket-events.ts'

/** What the configuration says of the edge. */
export function edgePolicyOf(config: Config): EdgePolicy {
  return {
    purges: config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID === undefined ? false : config.HALFTONE_PURGE_BY,
    hearsBucket: hasBucketEvents(config),
    seconds: {
      media: config.HALFTONE_EDGE_TTL_MEDIA_S,
      document: config.HALFTONE_EDGE_TTL_DOCUMENTS_S,
    },
  }
}
