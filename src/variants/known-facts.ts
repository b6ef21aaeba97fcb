import { LRUCache } from 'lru-cache'
import type { Source } from '../sources/source.ts'
import { versionOf } from '../urls/version.ts'
import type { Waiting } from './answer.ts'
import { parseFacts, type SourceFacts } from './source-facts.ts'
import { treeOf } from './restriction.ts'
import { nameOf } from './variant.ts'
import type { VariantStore } from './variant-store.ts'

export interface KnownFactsOptions {
  readonly variants: Pick<VariantStore, 'find'>
  /** The epoch of this release's render workers. */
  readonly epoch: string
}

/** Facts remembered at most; those of one version never change. */
const MAX_KNOWN = 10_000

const INFO = { facts: 'info.json' } as const

/** Facts about sources, for whoever decides by them: remembered, or found where pictures are found. */
export class KnownFacts {
  readonly #options: KnownFactsOptions
  readonly #known = new LRUCache<string, SourceFacts>({ max: MAX_KNOWN })

  constructor(options: KnownFactsOptions) {
    this.#options = options
  }

  /** The facts about this version of a source if they can be told at once. */
  remembered(source: Source): SourceFacts | undefined {
    return this.#known.get(this.#nameOf(source).key)
  }

  /**
   * The facts about this version of a source, made and stored if they are nowhere; `source-changed` when it is no
   * longer that version. Throws the verdict on what is no picture. Whether somebody may read the source is the caller's to ask.
   */
  async of(source: Source, waiting?: Waiting): Promise<SourceFacts | 'source-changed'> {
    const known = this.remembered(source)
    if (known !== undefined) return known
    const name = this.#nameOf(source)
    const found = await this.#options.variants.find(name, source, INFO, waiting)
    if (found === 'source-changed') return found
    const facts = parseFacts(found.variant.bytes)
    this.#known.set(name.key, facts)
    return facts
  }

  #nameOf(source: Source) {
    return nameOf(source.at, versionOf(source.version, this.#options.epoch), INFO, treeOf(source))
  }
}
