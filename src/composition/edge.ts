import { hasBucketEvents } from './bucket-events.ts'
import type { Config } from '../config.ts'
import type { EdgePolicy } from '../cdn/cache-policy.ts'
import { forget } from '../cdn/forget.ts'
import { createBucketEventWays } from './bucket-events.ts'
import type { Core } from './core.ts'
import { createEdgePurging, type PurgingParts } from './purging.ts'

/** What others say of the bucket, and what the edge is told of it. */
export function createEdge(parts: PurgingParts) {
  const purging = createEdgePurging(parts)
  const purges = purging?.edge
  return {
    purges,
    /** Somebody else has changed something: its purge will be in the queue. */
    expect: () => purging?.sender.expect(),
    /** Opens the ways on which changes by others are heard of. */
    listen(core: Pick<Core, 'forget'>) {
      const ways = createBucketEventWays({
        ...parts,
        async forget(paths) {
          core.forget(paths)
          await forget(parts.store, paths, undefined, { edgePurges: purges })
        },
      })
      return {
        routes: ways?.routes,
        /** Begins what goes on by itself. */
        start() {
          purging?.sender.start()
          ways?.start()
        },
        /** Ends it; a call in the air is repeated by whoever sends next. */
        async close() {
          await ways?.close()
          await purging?.sender.close()
        },
      }
    },
  }
}

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
