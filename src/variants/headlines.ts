import { type Caching, type EdgePolicy, keeping } from '../cdn/cache-policy.ts'
import type { Source } from '../sources/source.ts'
import type { Found } from '../sources/sources.ts'
import type { VariantSpec } from '../transform/spec.ts'
import { versionOf } from '../urls/version.ts'
import type { Delivered, Headline, VersionedPath } from './answer.ts'
import { classOf, isRestricted, treeOf } from './restriction.ts'
import { nameOf, type VariantName } from './variant.ts'

export interface HeadlinesOptions {
  /** The epoch of this release's render workers. */
  readonly epoch: string
  readonly edge: EdgePolicy
}

/** What is said of a picture that is made from a source, beside its bytes. */
export class Headlines {
  readonly #options: HeadlinesOptions

  constructor(options: HeadlinesOptions) {
    this.#options = options
  }

  /** The name of the picture of the current version. */
  nameOf(source: Source, spec: VariantSpec): VariantName {
    return nameOf(source.at, this.#currentVersion(source), spec, treeOf(source))
  }

  /** At a path without a version. */
  current(found: Found, source: Source, spec: VariantSpec): Headline {
    const { etag, tags } = this.nameOf(source, spec)
    return {
      etag,
      tags,
      lastModified: source.lastModified,
      ...this.#keeping(found, source),
      canonical: this.#canonical(source, spec),
    }
  }

  /** At the path of the current version. */
  versioned(source: Source, spec: VariantSpec): Headline {
    const { etag, tags } = this.nameOf(source, spec)
    return { etag, tags, lastModified: source.lastModified, cacheClass: classOf(source, 'A') }
  }

  /** The way to the current version. */
  moved(source: Source, spec: VariantSpec): Delivered {
    return { moved: this.#canonical(source, spec), cacheClass: classOf(source, 'L60') }
  }

  #keeping(found: Found, source: Source): Caching {
    if (isRestricted(source)) return { cacheClass: 'D' }
    return found.stale ? { cacheClass: 'O' } : keeping('media', source, this.#options.edge)
  }

  #canonical(source: Source, spec: VariantSpec): VersionedPath {
    return { source: source.at, version: this.#currentVersion(source), spec }
  }

  #currentVersion(source: Source): string {
    return versionOf(source.version, this.#options.epoch)
  }
}
