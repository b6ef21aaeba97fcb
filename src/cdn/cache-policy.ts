/**
 * How long answers may be kept, by class: for a picture A (versioned), B (unversioned, purged), B' (unversioned, not
 * purged), D (private), O (degraded or provisional); C for a public original as it was uploaded; for a redirect L (for
 * good) or L60 (its target may change); for an error E to K and `verdict`; P for health and metrics. M and M10 are what a
 * picture's and a verdict's become where the format was negotiated by a header that is not in the edge's key. N (304)
 * takes the class of its picture.
 */
export const CACHE_CONTROL = {
  A: 'public, max-age=31536000, immutable',
  B: 'public, max-age=300, s-maxage=2592000, stale-while-revalidate=60, stale-if-error=86400',
  "B'": 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400',
  C: 'public, max-age=300, s-maxage=86400, stale-if-error=86400',
  D: 'private, no-store, max-age=0, stale-if-error=0',
  E: 'public, max-age=5, s-maxage=5',
  F: 'public, max-age=60, s-maxage=3600',
  G: 'no-store',
  H: 'no-store',
  J: 'no-store',
  K: 'no-store',
  L: 'public, max-age=86400',
  L60: 'public, max-age=60',
  M: 'private, max-age=300',
  M10: 'private, max-age=10',
  O: 'public, max-age=0, s-maxage=10',
  P: 'no-store',
  verdict: 'public, max-age=10, s-maxage=60',
} as const

export type CacheClass = keyof typeof CACHE_CONTROL

/**
 * The class of a picture at an unversioned path: a month at the edge only when its every change passes through
 * Halftone and there is a distribution to purge.
 */
export function unversionedClass(managed: boolean, purgesEdge: boolean): 'B' | "B'" {
  return managed && purgesEdge ? 'B' : "B'"
}

/** The class of an answer that depended on a header which the edge does not know: the edge must not keep it for others. */
export function unkeyedClass(cacheClass: CacheClass): CacheClass {
  switch (cacheClass) {
    case 'A':
    case 'B':
    case "B'":
      return 'M'
    // What another format might have spared: too large, overran.
    case 'O':
    case 'verdict':
      return 'M10'
    default:
      return cacheClass
  }
}
