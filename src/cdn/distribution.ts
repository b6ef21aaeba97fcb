import { CACHE_TAG_HEADER } from './cache-tags.ts'
import { ORIGIN_SECRET_HEADER } from './origin-secret.ts'

/** The header that an edge function writes in the place of the many spellings of `Accept`. */
export const EDGE_ACCEPT_HEADER = 'x-img-accept'

/** What it may be: the best format that the viewer knows. */
export const EDGE_ACCEPT_VALUES = ['avif', 'webp', 'jpeg'] as const

/** How long the gateway keeps an idle connection: longer than the distribution does, or requests are lost on their way. */
export const GATEWAY_KEEP_ALIVE_S = 75

/** What a cache policy of ours keeps, and by what. */
export interface EdgeCachePolicy {
  readonly minTtlS: number
  readonly defaultTtlS: number
  readonly maxTtlS: number
  /** Headers in the key; they are what the origin is sent, too. */
  readonly headers: readonly string[]
  readonly queries: readonly string[]
}

const TTL = { minTtlS: 0, defaultTtlS: 0, maxTtlS: 31_536_000 } as const

/** The cache policies that the distribution needs beside the managed one that keeps nothing. */
export const EDGE_CACHE_POLICIES = {
  images: { ...TTL, headers: [], queries: [] },
  negotiated: { ...TTL, headers: [EDGE_ACCEPT_HEADER], queries: [] },
} as const satisfies Readonly<Record<string, EdgeCachePolicy>>

/** One path pattern of the distribution. */
export interface EdgeBehaviour {
  readonly pattern: string
  readonly methods: 'read' | 'all'
  /** A policy of ours, or `disabled`: the managed CachingDisabled. */
  readonly cache: keyof typeof EDGE_CACHE_POLICIES | 'disabled'
  /** Whether all that the viewer sends but `Host` reaches the gateway: the managed AllViewerExceptHostHeader. */
  readonly forwardsViewer: boolean
  /** Whether the function runs that writes `EDGE_ACCEPT_HEADER`. */
  readonly negotiates: boolean
  /** Whether the bucket may be asked before the gateway, where S3 first is chosen. */
  readonly bucketFirst: boolean
  /** Whether the edge lets nobody through without a signature of ours; where it knows no key there is no such behaviour. */
  readonly signed?: boolean
}

const PICTURES = {
  methods: 'read',
  cache: 'images',
  forwardsViewer: false,
  negotiates: false,
  bucketFirst: false,
} as const

/**
 * The behaviours of the distribution in the order that they are tried in; the last is its default. Nothing is compressed,
 * no cookie is in a key.
 */
export const EDGE_BEHAVIOURS: readonly EdgeBehaviour[] = [
  // Before `*.auto`, which would let everybody through to the tree whose gateway relies on the edge.
  { ...PICTURES, pattern: '/private/*', cache: 'disabled', forwardsViewer: true, signed: true },
  { ...PICTURES, pattern: '*.auto', cache: 'negotiated', negotiates: true },
  { ...PICTURES, pattern: '/img/*/@*', bucketFirst: true },
  { ...PICTURES, pattern: '/img/*' },
  { ...PICTURES, pattern: '/simg/*' },
  {
    pattern: '*',
    methods: 'all',
    cache: 'disabled',
    forwardsViewer: true,
    negotiates: false,
    bucketFirst: false,
  },
]

/**
 * How long the edge keeps an error, by its status: it keeps these whatever the answer says, ten seconds unless it is
 * told otherwise.
 */
export const EDGE_ERROR_TTL_S: Readonly<Record<number, number>> = {
  404: 5,
  414: 5,
  500: 1,
  501: 1,
  502: 1,
  503: 1,
  504: 1,
}

/** How the distribution asks the gateway. */
export const EDGE_ORIGIN = {
  connectionAttempts: 2,
  connectionTimeoutS: 3,
  /** Longer than the gateway takes at most (`HALFTONE_REQUEST_TIMEOUT_MS`). */
  readTimeoutS: 20,
  /** The whole of an answer, with all attempts. */
  completionTimeoutS: 60,
  keepAliveS: 60,
  secretHeader: ORIGIN_SECRET_HEADER,
} as const

/** Of an origin group with the bucket first: the answers of the bucket after which the gateway is asked. */
export const EDGE_FAILOVER_STATUSES = [403, 404, 500, 502, 503, 504] as const

/** The header that the edge reads cache tags from, and takes off what it hands to viewers. */
export const EDGE_TAG_HEADER = CACHE_TAG_HEADER

/** Policies that AWS keeps, the same in all accounts. */
export const MANAGED_POLICIES = {
  cachingDisabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
  allViewerExceptHostHeader: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
} as const
