import {
  EDGE_ACCEPT_HEADER,
  EDGE_CACHE_POLICIES,
  EDGE_ERROR_TTL_S,
  EDGE_FAILOVER_STATUSES,
  EDGE_HINT_HEADERS,
  EDGE_ORIGIN,
  EDGE_TAG_HEADER,
  type EdgeBehaviour,
  edgeBehaviours,
  type EdgeCachePolicy,
  type EdgeUse,
} from '../../../src/cdn/distribution.ts'
import type { EdgeBehavior, EdgeOptions, EdgeOrigin, EdgeRequest } from './edge.ts'

/** What a distribution of ours has in front of it, and what differs from place to place. */
export interface DistributionOptions
  extends Omit<EdgeOptions, 'origins' | 'behaviors' | 'errorTtlS' | 'tagHeader'>,
    Omit<EdgeUse, 'signing'> {
  readonly gateway: EdgeOrigin
  /** With it S3 comes first where the table of behaviours lets it; it answers 403 or 404 for what it has not. */
  readonly bucket?: EdgeOrigin | undefined
  readonly originSecret?: string | undefined
  /** Whether hosts stand for prefixes of the bucket. */
  readonly byHost?: boolean | undefined
}

/** A distribution as `src/cdn/distribution.ts` says it, with Origin Shield; its origins are `gateway` and `bucket`. */
export function distribution(options: DistributionOptions): EdgeOptions {
  const { gateway, bucket, originSecret, accountHash, mount, byHost = false, ...others } = options
  const circumstances = { hasBucket: bucket !== undefined, byHost }
  const customHeaders = originSecret === undefined ? {} : { [EDGE_ORIGIN.secretHeader]: originSecret }
  const attempts = EDGE_ORIGIN.connectionAttempts
  return {
    shield: true,
    ...others,
    origins: {
      gateway: { fetch: gateway, customHeaders, attempts },
      ...(bucket === undefined ? {} : { bucket: { fetch: bucket, attempts } }),
    },
    behaviors: edgeBehaviours({ signing: true, accountHash, mount }).map((behaviour) =>
      behaviorOf(behaviour, circumstances),
    ),
    errorTtlS: EDGE_ERROR_TTL_S,
    tagHeader: EDGE_TAG_HEADER,
  }
}

interface Circumstances {
  readonly hasBucket: boolean
  readonly byHost: boolean
}

function behaviorOf(behaviour: EdgeBehaviour, { hasBucket, byHost }: Circumstances): EdgeBehavior {
  const { pattern, cache, forwards, negotiates, bucketFirst, usedFor } = behaviour
  const policy: EdgeCachePolicy | undefined = cache === 'disabled' ? undefined : EDGE_CACHE_POLICIES[cache]
  const group = { primary: 'bucket', secondary: 'gateway', codes: EDGE_FAILOVER_STATUSES }
  return {
    pattern,
    origin: bucketFirst && hasBucket ? group : 'gateway',
    ttls: {
      minS: policy?.minTtlS ?? 0,
      defaultS: policy?.defaultTtlS ?? 0,
      maxS: policy?.maxTtlS ?? 0,
    },
    keyHeaders: [...(policy?.headers ?? []), ...(policy?.byHost === true && byHost ? ['host'] : [])],
    keyQueries: policy?.queries ?? [],
    gzip: policy?.gzip ?? false,
    forwardHeaders: FORWARDED[forwards],
    forwardQueries: forwards === 'viewer',
    removeHeaders: [EDGE_TAG_HEADER],
    signed: usedFor === 'signing',
    ...(negotiates ? { viewerRequest: writeEdgeAccept } : {}),
  }
}

const FORWARDED = { viewer: 'all', hints: EDGE_HINT_HEADERS, nothing: [] } as const

/** The function at viewer requests: one of three values in the place of the many spellings of `Accept`. */
export function writeEdgeAccept(request: EdgeRequest): EdgeRequest {
  const accept = (request.headers['accept'] ?? '').toLowerCase()
  const value = knows(accept, 'image/avif') ? 'avif' : knows(accept, 'image/webp') ? 'webp' : 'jpeg'
  return { ...request, headers: { ...request.headers, [EDGE_ACCEPT_HEADER]: value } }
}

/** Whether a type is named, and not with the weight of zero. */
function knows(accept: string, type: string): boolean {
  const entry = accept.split(',').find((part) => part.trim().startsWith(type))
  return entry !== undefined && !/;\s*q=0(?:\.0+)?\s*(?:;|$)/.test(entry)
}
