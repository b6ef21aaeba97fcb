import { KIND_POLICIES, MAX_EDGE_SECONDS } from '../cdn/cache-policy.ts'
import { whole } from './types.ts'

const { media, document } = KIND_POLICIES

/** How long the edge may keep what everybody may have, by kind, where it is told of every change. */
export const cdnSettings = {
  HALFTONE_EDGE_TTL_MEDIA_S: whole(media.edgeSeconds, 0, MAX_EDGE_SECONDS),
  HALFTONE_EDGE_TTL_DOCUMENTS_S: whole(document.edgeSeconds, 0, MAX_EDGE_SECONDS),
}
