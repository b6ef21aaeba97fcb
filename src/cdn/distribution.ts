import { CACHE_TAG_HEADER } from './cache-tags.ts'
import { ORIGIN_SECRET_HEADER } from './origin-secret.ts'

/** The header that an edge function writes in the place of the many spellings of `Accept`. */
export const EDGE_ACCEPT_HEADER = 'x-img-accept'

/** What it may be: the best format that the viewer knows. */
export const EDGE_ACCEPT_VALUES = ['avif', 'webp', 'jpeg'] as const

/** What clients say of their screen and their connection: it reaches the gateway, and is in no key. */
export const EDGE_HINT_HEADERS = [
  'sec-ch-viewport-width',
  'sec-ch-dpr',
  'user-agent',
  'save-data',
  'rtt',
  'ect',
  'downlink',
] as const

/** How long the gateway keeps an idle connection: longer than the distribution does, or requests are lost on their way. */
export const GATEWAY_KEEP_ALIVE_S = 75

/** What a cache policy of ours keeps, and by what. */
export interface EdgeCachePolicy {
  readonly minTtlS: number
  readonly defaultTtlS: number
  readonly maxTtlS: number
  /** Headers in the key; they are what the origin is sent, too. */
  readonly headers: readonly string[]
  readonly queries: readonly string[] | 'all'
  /** Whether whoever takes gzip has a copy of their own: the edge packs what the gateway has not packed. */
  readonly gzip: boolean
  /** Whether `Host` is in the key, too, where hosts stand for prefixes of the bucket. */
  readonly byHost: boolean
}

const PLAIN = {
  minTtlS: 0,
  defaultTtlS: 0,
  maxTtlS: 31_536_000,
  headers: [],
  queries: [],
  gzip: false,
  byHost: false,
} as const

/** The cache policies that the distribution needs beside the managed one that keeps nothing. */
export const EDGE_CACHE_POLICIES = {
  images: PLAIN,
  negotiated: { ...PLAIN, headers: [EDGE_ACCEPT_HEADER] },
  drawings: { ...PLAIN, gzip: true },
  // A path does not tell whether its source is a drawing, nor which part of a query an address elsewhere looks at.
  cloudflare: { ...PLAIN, headers: [EDGE_ACCEPT_HEADER], queries: 'all', gzip: true, byHost: true },
  hosted: { ...PLAIN, headers: [EDGE_ACCEPT_HEADER], queries: ['exp', 'sig'], gzip: true },
} as const satisfies Readonly<Record<string, EdgeCachePolicy>>

/** One path pattern of the distribution. */
export interface EdgeBehaviour {
  readonly pattern: string
  readonly methods: 'read' | 'all'
  /** Where it is only what an operator uses; the pattern then begins with what they call it. */
  readonly usedFor?: 'signing' | 'hosting' | 'mount'
  /** A policy of ours, or `disabled`: the managed CachingDisabled. */
  readonly cache: keyof typeof EDGE_CACHE_POLICIES | 'disabled'
  /**
   * What reaches the gateway beside what is in the key: all that the viewer sends but `Host` (the managed
   * AllViewerExceptHostHeader), or hints alone.
   */
  readonly forwards: 'viewer' | 'hints' | 'nothing'
  /** Whether the function runs that writes `EDGE_ACCEPT_HEADER`. */
  readonly negotiates: boolean
  /** Whether the bucket may be asked before the gateway, where S3 first is chosen. */
  readonly bucketFirst: boolean
}

/** What an operator uses of what not everybody does. */
export interface EdgeUse {
  /** Whether the edge knows a key of ours, and lets nobody through to what is signed for without a signature. */
  readonly signing?: boolean | undefined
  /** The hash of the account whose images are hosted. */
  readonly accountHash?: string | undefined
  /** Where Cloudflare's URLs are answered beside `/cdn-cgi/image`. */
  readonly mount?: string | undefined
}

const PICTURES = {
  methods: 'read',
  cache: 'images',
  forwards: 'nothing',
  negotiates: false,
  bucketFirst: false,
} as const

const NEGOTIATED = { ...PICTURES, cache: 'negotiated', negotiates: true } as const
const CLOUDFLARE = { ...NEGOTIATED, cache: 'cloudflare', forwards: 'hints' } as const
const HOSTED = { ...NEGOTIATED, cache: 'hosted', forwards: 'hints', usedFor: 'hosting' } as const
const DRAWINGS = { ...PICTURES, cache: 'drawings' } as const
const PROGRAMS = { ...PICTURES, methods: 'all', cache: 'disabled', forwards: 'viewer' } as const

/**
 * The behaviours of a distribution in the order that they are tried in; the last is its default. No cookie is in a key.
 * Those before `*.auto` are of paths that may end so, and mean something else by it.
 */
export const edgeBehaviours = (use: EdgeUse): readonly EdgeBehaviour[] =>
  behavioursBy(use).filter(({ usedFor }) => usedFor === undefined || isUsed(use, usedFor))

const behavioursBy = ({ accountHash = '', mount = '' }: EdgeUse): readonly EdgeBehaviour[] => [
  // It would let everybody through to the tree whose gateway relies on the edge.
  { ...PICTURES, pattern: '/private/*', cache: 'disabled', forwards: 'viewer', usedFor: 'signing' },
  { ...CLOUDFLARE, pattern: '/cdn-cgi/image/*' },
  { ...CLOUDFLARE, pattern: `${mount}/*`, usedFor: 'mount' },
  { ...HOSTED, pattern: '/cdn-cgi/imagedelivery/*' },
  { ...HOSTED, pattern: `/${accountHash}/*` },
  { ...PROGRAMS, pattern: '/client/v4/*', usedFor: 'hosting' },
  { ...PROGRAMS, pattern: '/batch/*', usedFor: 'hosting' },
  { ...PROGRAMS, pattern: '/upload/*', usedFor: 'hosting' },
  { ...NEGOTIATED, pattern: '*.auto' },
  { ...DRAWINGS, pattern: '/img/*/@*/drawing.svg', bucketFirst: true },
  { ...DRAWINGS, pattern: '/img/*/drawing.svg' },
  { ...DRAWINGS, pattern: '/simg/*/drawing.svg' },
  { ...PICTURES, pattern: '/img/*/@*', bucketFirst: true },
  { ...PICTURES, pattern: '/img/*' },
  { ...PICTURES, pattern: '/simg/*' },
  { ...PROGRAMS, pattern: '*' },
]

function isUsed(
  { signing = false, accountHash, mount }: EdgeUse,
  part: NonNullable<EdgeBehaviour['usedFor']>,
): boolean {
  return { signing, hosting: accountHash !== undefined, mount: mount !== undefined }[part]
}

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
