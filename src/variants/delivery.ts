import { type CacheClass, unversionedClass } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { JournalReader } from '../sources/journal-reader.ts'
import type { Source } from '../sources/source.ts'
import type { Found, Sources } from '../sources/sources.ts'
import type { VariantSpec } from '../transform/spec.ts'
import type { SettledRequest, SourcePath } from '../urls/image-request.ts'
import { epochPartOf, sourcePartOf, versionOf } from '../urls/version.ts'
import { type Layer, nameOf, type RenderTimings, type Variant } from './variant.ts'
import type { FoundVariant, VariantStore } from './variant-store.ts'

export interface DeliveryOptions {
  readonly sources: Sources
  readonly variants: VariantStore
  readonly journal: Pick<JournalReader, 'behind'>
  /** The epoch of this release's render workers. */
  readonly epoch: string
  /** Whether a distribution is configured that is purged after a change. */
  readonly purgesEdge: boolean
}

/** Where a versioned path is: the canonical source, its version, the canonical spec. */
export interface VersionedPath {
  readonly source: SourcePath
  readonly version: string
  readonly spec: VariantSpec
}

/** What identifies an answer before any work. */
export interface Headline {
  readonly etag: string
  readonly lastModified: Date
  readonly tags: string
  readonly cacheClass: CacheClass
  /** Where exactly this picture is for good, when it was asked for by another path. */
  readonly canonical?: VersionedPath
}

/** A picture to answer with. */
export interface Answer extends Headline {
  readonly variant: Variant
  readonly layer: Layer
  readonly timings?: RenderTimings | undefined
}

/** The picture, or the versioned path where it is now. */
export type Delivered = Answer | { readonly moved: VersionedPath }

/** An answer out of memory, held weakly so that it goes with its picture, and what else it depended on. */
interface Remembered {
  readonly answer: WeakRef<Answer>
  readonly source: Source | undefined
  readonly stale: boolean | undefined
}

export interface DeliverOptions {
  /** Whether a picture that is stored nowhere may be rendered. */
  readonly mayRender: boolean
  readonly signal: AbortSignal
}

/** Answers image requests, step by step as design §4 has them; it decides, and leaves the work to sources and variants. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #answers = new WeakMap<SettledRequest, Remembered>()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /**
   * The answer if it can be given at once: no bucket call, no waiting. One and the same object for the same request
   * object for as long as nothing changes, so that what is made of it can be kept.
   */
  fromMemory(request: SettledRequest): Answer | undefined {
    const { sources, variants, journal } = this.#options
    const { version } = request
    if (version !== undefined && journal.behind) return undefined
    const found = version === undefined ? sources.remembered(request.source) : undefined
    const last = this.#answers.get(request)
    const unchanged = last?.source === found?.source && last?.stale === found?.stale
    const same = unchanged ? last?.answer.deref() : undefined
    if (same !== undefined && variants.inMemory(same.variant.key) === same.variant) return same
    const made = this.#inMemory(request, found)
    const { source, stale } = found ?? {}
    if (made !== undefined) this.#answers.set(request, { answer: new WeakRef(made), source, stale })
    return made
  }

  #inMemory({ source, version, spec }: SettledRequest, found: Found | undefined): Answer | undefined {
    const { variants } = this.#options
    if (version !== undefined) {
      const variant = variants.inMemory(nameOf(source, version, spec).key)
      return variant && answer({ variant, layer: 'memory' }, 'A')
    }
    if (found?.source === undefined || found.source.access !== 'public') return undefined
    const { key } = nameOf(found.source.at, this.#currentVersion(found.source), spec)
    const variant = variants.inMemory(key)
    return variant && this.#unversioned({ variant, layer: 'memory' }, found, found.source, spec)
  }

  /** What would be answered, if that is known without the picture: at most one bucket call. */
  async headline(request: SettledRequest, signal: AbortSignal): Promise<Headline | undefined> {
    const known = this.fromMemory(request)
    if (known !== undefined) return known
    const { version, spec } = request
    if (version === undefined) {
      const { found, source } = await this.#require(request.source, signal)
      return this.#currentHeadline(found, source, spec)
    }
    // What this release renders in the place of another's has other validators.
    if (epochPartOf(version) !== this.#options.epoch) return undefined
    const { source, stale } = await this.#options.sources.find(request.source, signal)
    // It may be stored all the same: only the look for it can tell.
    if (source?.access !== 'public' || stale || !isAt(source, request.source, version)) return undefined
    const { etag, tags } = nameOf(source.at, version, spec)
    return { etag, tags, lastModified: source.lastModified, cacheClass: 'A' }
  }

  async deliver(request: SettledRequest, options: DeliverOptions): Promise<Delivered> {
    return request.version === undefined
      ? this.#deliverCurrent(request, options)
      : this.#deliverVersion(request, request.version, options)
  }

  async #deliverCurrent(request: SettledRequest, options: DeliverOptions): Promise<Answer> {
    const first = await this.#require(request.source, options.signal)
    const served = await this.#tryCurrent(first.found, first.source, request.spec, options)
    if (served !== 'source-changed') return served
    const second = await this.#requireAfter(request.source, first.source, options.signal)
    const again = await this.#tryCurrent(second.found, second.source, request.spec, options)
    if (again !== 'source-changed') return again
    throw new GatewayError('source_changing', 'The source is being changed: try again')
  }

  async #tryCurrent(
    found: Found,
    source: Source,
    spec: VariantSpec,
    options: DeliverOptions,
  ): Promise<Answer | 'source-changed'> {
    const { variants } = this.#options
    const name = nameOf(source.at, this.#currentVersion(source), spec)
    const variant = options.mayRender
      ? await variants.find(name, source, spec, options.signal)
      : await variants.findStored(name, options.signal)
    if (variant === undefined) throw signatureRequired()
    return variant === 'source-changed' ? variant : this.#unversioned(variant, found, source, spec)
  }

  async #deliverVersion(
    request: SettledRequest,
    version: string,
    options: DeliverOptions,
  ): Promise<Delivered> {
    const { variants, journal } = this.#options
    const { spec } = request
    const name = nameOf(request.source, version, spec)
    if (journal.behind && variants.inMemory(name.key) !== undefined) {
      const recheck = await this.#recheck(request.source, version, options.signal)
      if (recheck === 'outdated') variants.forget([name.key])
    }
    const stored = await variants.findStored(name, options.signal)
    if (stored !== undefined) return answer(stored, 'A')
    const { source } = await this.#requireVersion(request.source, version, options.signal)
    if (!isAt(source, request.source, version)) return { moved: this.#canonical(source, spec) }
    if (!options.mayRender) throw signatureRequired()
    if (epochPartOf(version) !== this.#options.epoch) {
      const current = await this.#deliverCurrent({ source: source.at, spec, preset: false }, options)
      return { ...current, cacheClass: 'O' }
    }
    const rendered = await variants.render(name, source, spec, options.signal)
    if (rendered !== 'source-changed') return answer(rendered, 'A')
    const now = await this.#requireAfter(request.source, source, options.signal)
    if (now.source.version === source.version) {
      throw new GatewayError('source_changing', 'The source is being changed: try again')
    }
    return { moved: this.#canonical(now.source, spec) }
  }

  /** Whether a version that is in memory still stands; while the bucket is away, it does. */
  async #recheck(path: SourcePath, version: string, signal: AbortSignal): Promise<'stands' | 'outdated'> {
    try {
      const { source } = await this.#options.sources.find(path, signal)
      return source?.version === sourcePartOf(version) ? 'stands' : 'outdated'
    } catch (error) {
      if (error instanceof GatewayError && error.status >= 502 && !signal.aborted) return 'stands'
      throw error
    }
  }

  async #requireVersion(path: SourcePath, version: string, signal: AbortSignal) {
    return required(await this.#options.sources.findFor(path, sourcePartOf(version), signal))
  }

  async #require(path: SourcePath, signal: AbortSignal): Promise<{ found: Found; source: Source }> {
    return required(await this.#options.sources.find(path, signal))
  }

  async #requireAfter(path: SourcePath, outdated: Source, signal: AbortSignal) {
    return required(await this.#options.sources.findAfter(path, outdated.version, signal))
  }

  #currentVersion(source: Source): string {
    return versionOf(source.version, this.#options.epoch)
  }

  #canonical(source: Source, spec: VariantSpec): VersionedPath {
    return { source: source.at, version: this.#currentVersion(source), spec }
  }

  #currentHeadline(found: Found, source: Source, spec: VariantSpec): Headline {
    const { etag, tags } = nameOf(source.at, this.#currentVersion(source), spec)
    return {
      etag,
      tags,
      lastModified: source.lastModified,
      cacheClass: found.stale ? 'O' : unversionedClass(source.managed, this.#options.purgesEdge),
      canonical: this.#canonical(source, spec),
    }
  }

  #unversioned(found: FoundVariant, at: Found, source: Source, spec: VariantSpec): Answer {
    return { ...this.#currentHeadline(at, source, spec), ...found }
  }
}

/** Whether this source, by its own path, is the one of that version. */
function isAt(source: Source, path: SourcePath, version: string): boolean {
  return source.at.path === path.path && source.version === sourcePartOf(version)
}

function answer({ variant, layer, timings }: FoundVariant, cacheClass: CacheClass): Answer {
  const { etag, tags, lastModified } = variant
  return { variant, layer, timings, etag, tags, lastModified, cacheClass }
}

function required(found: Found): { found: Found; source: Source } {
  const { source } = found
  if (source === undefined) throw new GatewayError('source_not_found', 'There is no such picture')
  if (source.access !== 'public') throw new GatewayError('access_denied', 'This picture is not public')
  return { found, source }
}

function signatureRequired(): GatewayError {
  return new GatewayError(
    'signature_required',
    'This size has to be signed: ask for a preset, or for a signed URL',
  )
}
