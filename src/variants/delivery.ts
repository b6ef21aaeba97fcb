import type { CacheClass } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { JournalReader } from '../sources/journal-reader.ts'
import type { Source } from '../sources/source.ts'
import type { Found, Sources } from '../sources/sources.ts'
import type { VariantSpec } from '../transform/spec.ts'
import type { SettledRequest, SourcePath } from '../urls/image-request.ts'
import { epochPartOf, sourcePartOf } from '../urls/version.ts'
import type { Answer, Asking, Delivered, DeliverOptions, Headline } from './answer.ts'
import { Headlines, type HeadlinesOptions } from './headlines.ts'
import { classOf, isRestricted } from './restriction.ts'
import type { StandInRenders } from './stand-in-renders.ts'
import { nameOf } from './variant.ts'
import type { FoundVariant, VariantStore } from './variant-store.ts'
import { admitTo } from './visitor.ts'

export interface DeliveryOptions extends HeadlinesOptions {
  readonly renders: Pick<StandInRenders, 'render'>
  readonly sources: Sources
  readonly variants: VariantStore
  readonly journal: Pick<JournalReader, 'behind'>
}

/** An answer out of memory, held weakly so that it goes with its picture, and what else it depended on. */
interface Remembered {
  readonly answer: WeakRef<Answer>
  readonly source: Source | undefined
  readonly stale: boolean | undefined
}

/** Answers image requests, step by step as design §4 has them; it decides, and leaves the work to sources and variants. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #headlines: Headlines
  readonly #answers = new WeakMap<SettledRequest, Remembered>()

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#headlines = new Headlines(options)
  }

  /**
   * The answer if it can be given at once, to anybody: no bucket call, no waiting. One and the same object for the same
   * request object for as long as nothing changes, so that what is made of it can be kept.
   */
  fromMemory(request: SettledRequest): Answer | undefined {
    const { sources, variants, journal } = this.#options
    const { version } = request
    if (version !== undefined && journal.behind) return undefined
    const remembered = sources.remembered(request.source)
    // What was public a moment ago may still lie in memory as such.
    if (isRestricted(remembered?.source)) return undefined
    const found = version === undefined ? remembered : undefined
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
    if (found?.source === undefined) return undefined
    const variant = variants.inMemory(this.#headlines.nameOf(found.source, spec).key)
    return variant && this.#unversioned({ variant, layer: 'memory' }, found, found.source, spec)
  }

  /** What would be answered, if that is known without the picture: at most one bucket call. */
  async headline(request: SettledRequest, asking: Asking): Promise<Headline | undefined> {
    const known = this.fromMemory(request)
    if (known !== undefined) return known
    const { version, spec } = request
    if (version === undefined) {
      const { found, source } = await this.#require(request.source, asking)
      return this.#headlines.current(found, source, spec)
    }
    // What this release renders in the place of another's has other validators.
    if (epochPartOf(version) !== this.#options.epoch) return undefined
    const found = await this.#options.sources.find(request.source, asking)
    const { source, stale } = found
    // It may be stored all the same: only the look for it can tell.
    if (source === undefined || stale || !isAt(source, request.source, version)) return undefined
    await admitTo(found, request.source, asking.visitor)
    return this.#headlines.versioned(source, spec)
  }

  async deliver(request: SettledRequest, options: DeliverOptions): Promise<Delivered> {
    return request.version === undefined
      ? this.#deliverCurrent(request, options)
      : this.#deliverVersion(request, request.version, options)
  }

  async #deliverCurrent(request: SettledRequest, options: DeliverOptions): Promise<Answer> {
    const first = await this.#require(request.source, options)
    const served = await this.#tryCurrent(first.found, first.source, request.spec, options)
    if (served !== 'source-changed') return served
    const second = await this.#requireAfter(request.source, first.source, options)
    const again = await this.#tryCurrent(second.found, second.source, request.spec, options)
    if (again !== 'source-changed') return again
    throw changing()
  }

  async #tryCurrent(
    found: Found,
    source: Source,
    spec: VariantSpec,
    options: DeliverOptions,
  ): Promise<Answer | 'source-changed'> {
    const variant = await this.#findFor(source, spec, options)
    return variant === 'source-changed' ? variant : this.#unversioned(variant, found, source, spec)
  }

  /** The picture of the current version, wherever it is, or rendered. */
  async #findFor(
    source: Source,
    spec: VariantSpec,
    options: DeliverOptions,
  ): Promise<FoundVariant | 'source-changed'> {
    const { variants } = this.#options
    const { mayRender, visitor } = options
    const name = this.#headlines.nameOf(source, spec)
    const isPlain = mayRender && !isRestricted(source)
    const stored = isPlain
      ? await variants.findServable(name, source, spec, options)
      : await variants.findStored(name, options)
    if (stored !== undefined) return stored
    if (!mayRender) throw signatureRequired()
    if (!isPlain) await visitor.beforeRender()
    return this.#options.renders.render({ name, source, spec }, options)
  }

  async #deliverVersion(
    request: SettledRequest,
    version: string,
    options: DeliverOptions,
  ): Promise<Delivered> {
    const { spec } = request
    const stored = await this.#findPublic(request, version, options)
    if (stored !== undefined) return answer(stored, 'A')
    const { source } = await this.#requireVersion(request.source, version, options)
    if (!isAt(source, request.source, version)) return this.#headlines.moved(source, spec)
    if (epochPartOf(version) !== this.#options.epoch) {
      if (!options.mayRender) throw signatureRequired()
      const current = await this.#deliverCurrent({ source: source.at, spec, preset: false }, options)
      return current.cacheClass === 'D' ? current : { ...current, cacheClass: 'O' }
    }
    const found = await this.#findOrRender(source, version, spec, options)
    if (found !== 'source-changed') return answer(found, classOf(source, found.standIn ? 'O' : 'A'))
    const now = await this.#requireAfter(request.source, source, options)
    if (now.source.version === source.version) throw changing()
    return this.#headlines.moved(now.source, spec)
  }

  /** The picture if it is stored for everybody: who that is need not be asked, nor whether the source is still there. */
  async #findPublic(
    { source: path, spec }: SettledRequest,
    version: string,
    asking: Asking,
  ): Promise<FoundVariant | undefined> {
    const { sources, variants, journal } = this.#options
    if (isRestricted(sources.remembered(path)?.source)) return undefined
    const name = nameOf(path, version, spec)
    if (journal.behind && variants.inMemory(name.key) !== undefined) {
      const recheck = await this.#recheck(path, version, asking)
      if (recheck === 'outdated') variants.forget([name.key])
    }
    return variants.findStored(name, asking)
  }

  /** The picture of a version that is current and was not stored for everybody. */
  async #findOrRender(
    source: Source,
    version: string,
    spec: VariantSpec,
    options: DeliverOptions,
  ): Promise<FoundVariant | 'source-changed'> {
    if (isRestricted(source)) return this.#findFor(source, spec, options)
    if (!options.mayRender) throw signatureRequired()
    const name = nameOf(source.at, version, spec)
    return this.#options.renders.render({ name, source, spec }, options)
  }

  /** Whether a version that is in memory for everybody still stands; while the bucket is away, it does. */
  async #recheck(path: SourcePath, version: string, asking: Asking): Promise<'stands' | 'outdated'> {
    try {
      const { source } = await this.#options.sources.find(path, asking)
      return source?.version === sourcePartOf(version) && !isRestricted(source) ? 'stands' : 'outdated'
    } catch (error) {
      if (error instanceof GatewayError && error.status >= 502 && !asking.signal.aborted) return 'stands'
      throw error
    }
  }

  async #requireVersion(path: SourcePath, version: string, asking: Asking) {
    const found = await this.#options.sources.findFor(path, sourcePartOf(version), asking)
    return admitTo(found, path, asking.visitor)
  }

  async #require(path: SourcePath, asking: Asking) {
    return admitTo(await this.#options.sources.find(path, asking), path, asking.visitor)
  }

  async #requireAfter(path: SourcePath, outdated: Source, asking: Asking) {
    const found = await this.#options.sources.findAfter(path, outdated.version, asking)
    return admitTo(found, path, asking.visitor)
  }

  #unversioned(found: FoundVariant, at: Found, source: Source, spec: VariantSpec): Answer {
    // It is another picture: it has the other's name, and this path is not known to be anywhere for good.
    if (found.standIn) return answer(found, classOf(source, 'O'))
    return { ...this.#headlines.current(at, source, spec), ...found }
  }
}

/** Whether this source, by its own path, is the one of that version. */
function isAt(source: Source, path: SourcePath, version: string): boolean {
  return source.at.path === path.path && source.version === sourcePartOf(version)
}

function answer(found: FoundVariant, cacheClass: CacheClass): Answer {
  const { etag, tags } = found.variant
  const { lastModified: time } = found.variant
  // Whoever asks by time alone must not be told that the picture has not changed when there is the right one. The time
  // of the answer would do as well, unless the source came in the same second.
  const lastModified = found.standIn ? new Date(time.getTime() - 1000) : time
  return { ...found, etag, tags, lastModified, cacheClass }
}

function changing(): GatewayError {
  return new GatewayError('source_changing', 'The source is being changed: try again')
}

function signatureRequired(): GatewayError {
  return new GatewayError(
    'signature_required',
    'This size or overlay has to be signed: ask for a preset, or for a signed URL',
  )
}
