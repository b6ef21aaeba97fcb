import type { CacheClass } from '../cdn/cache-policy.ts'
import type { Source } from '../sources/source.ts'
import type { VariantTree } from '../urls/variant-key.ts'

type Guarded = Pick<Source, 'access'>

/** Whether a source is not for everybody. */
export function isRestricted(source: Guarded | undefined): boolean {
  return source !== undefined && source.access !== 'public'
}

/** The tree that a source's variants lie in. */
export function treeOf(source: Guarded): VariantTree {
  return isRestricted(source) ? 'private' : 'img'
}

/** The class of what is answered about a source: no cache may keep what is not for everybody. */
export function classOf(source: Guarded, cacheClass: CacheClass): CacheClass {
  return isRestricted(source) ? 'D' : cacheClass
}
