import type { SourcePath } from '../urls/image-request.ts'

/**
 * How long answers may be kept, by class: for a picture A (versioned), B (unversioned, purged), B' (unversioned, not
 * purged), D (private), O (degraded or provisional); C for a public original as it was uploaded; B, B' and C unless its
 * kind or its owner says otherwise; for a redirect L (for good) or L60 (its target may change); for an error E to K,
 * `verdict`, and D4 (about what is private: an error that names an age might be kept); P for health and metrics. M and
 * M10 are what a picture's becomes where the format was negotiated by a header that is not in the edge's key. N (304)
 * takes the class of its picture. What must not be used for long says so for the time when the gateway is away, too.
 */
export const CACHE_CONTROL = {
  A: 'public, max-age=31536000, immutable',
  B: 'public, max-age=300, s-maxage=2592000, stale-while-revalidate=60, stale-if-error=86400',
  "B'": 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400',
  C: 'public, max-age=300, s-maxage=86400, stale-if-error=86400',
  D: 'private, no-store, max-age=0, stale-if-error=0',
  D4: 'private, no-store',
  E: 'public, max-age=5, s-maxage=5',
  F: 'public, max-age=60, s-maxage=3600',
  G: 'no-store',
  H: 'no-store',
  J: 'no-store',
  K: 'no-store',
  L: 'public, max-age=86400',
  L60: 'public, max-age=60',
  M: 'private, max-age=300, stale-if-error=0',
  M10: 'private, max-age=10, stale-if-error=0',
  O: 'public, max-age=5, stale-if-error=0',
  P: 'no-store',
  verdict: 'public, max-age=10, s-maxage=60',
} as const

export type CacheClass = keyof typeof CACHE_CONTROL

/** How a kind of file is kept where everybody may have it. */
interface KindPolicy {
  /** The class of its answers at paths whose file may change; D: no cache keeps any of them. */
  readonly cacheClass: 'B' | 'C' | 'D'
  /** Seconds at the edge, where it is told of every change; a setting where one is named. */
  readonly edgeSeconds: number
  /** The most where the edge is not told. */
  readonly untoldSeconds: number
}

/**
 * What may be kept at the edge, by kind: `media` are images and video as they are shown; `document` is a file that is
 * handed out as it was uploaded; `verification` are documents of people, `temporary` is what was uploaded and not taken in.
 */
export const KIND_POLICIES = {
  media: { cacheClass: 'B', edgeSeconds: 2_592_000, untoldSeconds: 3_600 },
  document: { cacheClass: 'C', edgeSeconds: 604_800, untoldSeconds: 86_400 },
  verification: { cacheClass: 'D', edgeSeconds: 0, untoldSeconds: 0 },
  temporary: { cacheClass: 'D', edgeSeconds: 0, untoldSeconds: 0 },
} as const satisfies Readonly<Record<string, KindPolicy>>

/** The kinds whose time at the edge the operator and owners may set. */
export type KeptKind = 'media' | 'document'

/** The longest that the edge keeps anything. */
export const MAX_EDGE_SECONDS = 31_536_000

/** What the operator has decided about the edge. */
export interface EdgePolicy {
  /** What an edge is told of changes; false where there is none. */
  readonly purges: 'tags' | 'paths' | false
  /** Whether changes of the bucket that pass Halftone by are heard of. */
  readonly hearsBucket: boolean
  /** Seconds at the edge by kind. */
  readonly seconds: Readonly<Record<KeptKind, number>>
}

/** How long an answer may be kept: its class, and where that leaves it open the seconds at the edge. */
export interface Caching {
  readonly cacheClass: CacheClass
  readonly edgeSeconds?: number | undefined
}

/** What is said of a file that may be kept. */
export interface KeptFile {
  /** Whether its every change passes through Halftone. */
  readonly managed: boolean
  /** Where it lies: of what lies on another server the bucket tells nothing. */
  readonly at?: Pick<SourcePath, 'shape'> | undefined
  /** What its owner has asked for, in place of what holds for its kind. */
  readonly edgeSeconds?: number | undefined
}

/**
 * How a public file is kept at a path where it may change: as long as its kind or its owner says only when the edge is
 * told of its every change (design §6), else no longer than the kind allows where it is not.
 */
export function keeping(kind: KeptKind, { managed, at, edgeSeconds }: KeptFile, policy: EdgePolicy): Caching {
  const wanted = edgeSeconds ?? policy.seconds[kind]
  const { cacheClass, untoldSeconds } = KIND_POLICIES[kind]
  // Told by paths, the edge hears of those that show pictures.
  const isTold = policy.purges === 'tags' || (policy.purges === 'paths' && kind === 'media')
  const isHeard = managed || (policy.hearsBucket && at?.shape !== 'remote')
  if (isTold && isHeard) return { cacheClass, edgeSeconds: wanted }
  return {
    cacheClass: cacheClass === 'B' ? "B'" : cacheClass,
    edgeSeconds: Math.min(wanted, untoldSeconds),
  }
}

/** The same answer at an address that is in no path which an edge is told of: kept as one that it is not told of. */
export function untold<Kept extends Caching>(answer: Kept): Kept {
  if (answer.cacheClass !== 'B') return answer
  const { untoldSeconds } = KIND_POLICIES.media
  const edgeSeconds = Math.min(answer.edgeSeconds ?? untoldSeconds, untoldSeconds)
  return { ...answer, cacheClass: "B'", edgeSeconds }
}

/** `Cache-Control` of an answer. What the edge may not keep for long, browsers may not either. */
export function cacheControl({ cacheClass, edgeSeconds }: Caching): string {
  if (edgeSeconds === undefined || !isAdjustable(cacheClass)) return CACHE_CONTROL[cacheClass]
  return CACHE_CONTROL[cacheClass]
    .replace(/(?<=s-maxage=)\d+/, `${edgeSeconds}`)
    .replace(
      /(?<=public, max-age=|stale-while-revalidate=)\d+/g,
      (seconds) => `${Math.min(Number(seconds), edgeSeconds)}`,
    )
}

function isAdjustable(cacheClass: CacheClass): boolean {
  return cacheClass === 'B' || cacheClass === "B'" || cacheClass === 'C'
}

/** The class of an answer that depended on a header which the edge does not know: the edge must not keep it for others. */
export function unkeyedClass(cacheClass: CacheClass): CacheClass {
  switch (cacheClass) {
    case 'A':
    case 'B':
    case "B'":
      return 'M'
    case 'O':
      return 'M10'
    // What another format might have spared: too large, overran. An error that names an age might be kept.
    case 'verdict':
      return 'H'
    default:
      return cacheClass
  }
}
