import { z } from 'zod'
import { KIND_POLICIES, MAX_EDGE_SECONDS } from '../cdn/cache-policy.ts'
import { url, whole } from './types.ts'

const { media, document } = KIND_POLICIES

/** How long the edge may keep what everybody may have, by kind, where it is told of every change. */
export const cdnSettings = {
  HALFTONE_EDGE_TTL_MEDIA_S: whole(media.edgeSeconds, 0, MAX_EDGE_SECONDS),
  HALFTONE_EDGE_TTL_DOCUMENTS_S: whole(document.edgeSeconds, 0, MAX_EDGE_SECONDS),
}

/** The distribution in front, whose credentials are those of the bucket where it has none of its own. */
export const distributionSettings = {
  HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: z
    .string()
    .regex(/^[A-Z0-9]+$/, 'the id of a distribution, such as E2QWRUHAPOMQZL')
    .optional(),
  HALFTONE_CLOUDFRONT_ENDPOINT: url.optional(),
  HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: z.string().optional(),
  HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: z.string().optional(),
  HALFTONE_CLOUDFRONT_TIMEOUT_MS: whole(10_000, 100, 20_000),
}

/** How the edge is told what to forget. */
export const purgingSettings = {
  HALFTONE_PURGE_BY: z.enum(['tags', 'paths'], { error: 'tags, paths' }).default('tags'),
  HALFTONE_PURGE_ITEMS_PER_SECOND: whole(100, 1, 3_000),
  HALFTONE_PURGE_WILDCARDS_PER_SECOND: whole(1, 1, 1_000),
  HALFTONE_PURGE_PATIENCE_S: whole(30, 0, 86_400),
  HALFTONE_PURGE_INTERVAL_MS: whole(30_000, 100, 30_000),
  HALFTONE_EDGE_COMPLETION_S: whole(60, 1, 3_600),
}
