import { GatewayError } from '../errors.ts'
import type { Source } from '../sources/source.ts'
import type { Found, Sources } from '../sources/sources.ts'
import {
  type Acceptance,
  choose,
  chooseForAll,
  type ChooseOptions,
  suitableFor,
  type Traits,
} from '../transform/negotiation.ts'
import type { OutputFormat } from '../transform/spec.ts'
import { inFormat } from '../transform/suited-edits.ts'
import { ANY_TRAITS, possibleTraits, traitsOf } from '../transform/traits.ts'
import {
  type AutoRequest,
  type ImageRequest,
  isAutoRequest,
  type SettledRequest,
  type SourcePath,
} from '../urls/image-request.ts'
import { sourcePartOf } from '../urls/version.ts'
import type { Answer, Asking, Delivered, DeliverOptions, Headline } from './answer.ts'
import type { Delivery } from './delivery.ts'
import type { KnownFacts } from './known-facts.ts'
import { admitTo } from './visitor.ts'

export interface NegotiatedDeliveryOptions extends ChooseOptions {
  readonly delivery: Delivery
  readonly sources: Pick<Sources, 'find' | 'findAfter' | 'remembered'>
  readonly facts: Pick<KnownFacts, 'of' | 'remembered'>
}

/** A request whose format has been negotiated, and the source version that it depended on, if it did. */
interface Settled {
  readonly request: SettledRequest
  readonly sourceVersion?: string
}

/** A delivery in front of which the format is settled: a request for `auto` is answered as one for a format would be. */
export class NegotiatedDelivery {
  readonly #options: NegotiatedDeliveryOptions
  /** The same object for the same request and format, as delivery remembers answers by it. */
  readonly #requests = new WeakMap<AutoRequest, Map<OutputFormat, SettledRequest>>()

  constructor(options: NegotiatedDeliveryOptions) {
    this.#options = options
  }

  /** The answer if it can be given at once: no bucket call, no waiting. */
  fromMemory(request: ImageRequest, acceptance: Acceptance): Answer | undefined {
    const { delivery } = this.#options
    if (!isAutoRequest(request)) return delivery.fromMemory(request)
    const settled = this.#settleAtOnce(request, acceptance)
    return settled && delivery.fromMemory(settled)
  }

  /** The path that the source of a request is known to have: an alias is another one's. */
  knownPath({ source }: ImageRequest): SourcePath {
    return this.#options.sources.remembered(source)?.source?.at ?? source
  }

  /** What would be answered, if that is known without the picture. */
  async headline(
    request: ImageRequest,
    acceptance: Acceptance,
    asking: Asking,
  ): Promise<Headline | undefined> {
    const settled = await this.#settle(request, acceptance, asking)
    const headline = await this.#options.delivery.headline(settled.request, asking)
    return isOutdated(settled, headline) ? undefined : headline
  }

  /** The picture, or the versioned path where it is now. */
  async deliver(request: ImageRequest, acceptance: Acceptance, options: DeliverOptions): Promise<Delivered> {
    const { delivery } = this.#options
    const settled = await this.#settle(request, acceptance, options)
    const alternatives = isAutoRequest(request)
      ? () =>
          suitableFor(acceptance, request.spec, this.#traitsFor(request)).map((format) =>
            inFormat(request.spec, format),
          )
      : undefined
    const delivered = await delivery.deliver(settled.request, { ...options, alternatives })
    if ('moved' in delivered || !isOutdated(settled, delivered)) return delivered
    // The source was replaced in between: the new one may need another format.
    const again = await this.#settle(request, acceptance, options)
    return delivery.deliver(again.request, options)
  }

  /** Whether a picture of this format would be AVIF if it were not too large for that, as far as it is known at once. */
  isTooLargeForAvif(request: ImageRequest, acceptance: Acceptance): boolean {
    if (!isAutoRequest(request) || acceptance.avif === 0) return false
    const limited = this.#choosing(request)
    const unlimited = { ...limited, avifMaxSide: Number.POSITIVE_INFINITY }
    return this.#traitsFor(request).every(
      (traits) =>
        choose(acceptance, request.spec, traits, unlimited) === 'avif' &&
        choose(acceptance, request.spec, traits, limited) !== 'avif',
    )
  }

  #settleAtOnce(request: AutoRequest, acceptance: Acceptance): SettledRequest | undefined {
    const format =
      this.#decide(request, acceptance) ??
      this.#decide(request, acceptance, this.#options.sources.remembered(request.source)?.source)
    return format && this.#inFormat(request, format)
  }

  async #settle(request: ImageRequest, acceptance: Acceptance, asking: Asking): Promise<Settled> {
    if (!isAutoRequest(request)) return { request }
    const format = this.#decide(request, acceptance)
    if (format !== undefined) return { request: this.#inFormat(request, format) }
    const { sources } = this.#options
    const found = await sources.find(request.source, asking)
    const settled = await this.#settleFor(found, request, acceptance, asking)
    if (settled !== 'source-changed') return settled
    const next = await sources.findAfter(request.source, found.source?.version ?? '', asking)
    const again = await this.#settleFor(next, request, acceptance, asking)
    if (again !== 'source-changed') return again
    throw new GatewayError('source_changing', 'The source is being changed: try again')
  }

  async #settleFor(
    found: Found,
    request: AutoRequest,
    acceptance: Acceptance,
    asking: Asking,
  ): Promise<Settled | 'source-changed'> {
    // Before anything is learnt of the picture: whoever may not have it is told so here.
    const { source } = await admitTo(found, request.source, asking.visitor)
    let format = this.#decide(request, acceptance, source)
    if (format === undefined) {
      const facts = await this.#options.facts.of(source, asking)
      if (facts === 'source-changed') return facts
      format = choose(acceptance, request.spec, traitsOf(facts), this.#choosing(request))
    }
    return { request: this.#inFormat(request, format), sourceVersion: source.version }
  }

  /** The format if it follows from what is known without asking: of the source, when it is named, or of any. */
  #decide(request: AutoRequest, acceptance: Acceptance, source?: Source): OutputFormat | undefined {
    const options = this.#choosing(request)
    const possible = source === undefined ? ANY_TRAITS : possibleTraits(source.contentType)
    const format = chooseForAll(acceptance, request.spec, possible, options)
    if (format !== undefined) return format
    const facts = source && this.#options.facts.remembered(source)
    return facts && choose(acceptance, request.spec, traitsOf(facts), options)
  }

  /** What the picture can be like, as far as it is known at once. */
  #traitsFor({ source: path }: AutoRequest): readonly Traits[] {
    const { facts, sources } = this.#options
    const source = sources.remembered(path)?.source
    if (source === undefined) return ANY_TRAITS
    const known = facts.remembered(source)
    return known ? [traitsOf(known)] : possibleTraits(source.contentType)
  }

  #choosing({ looksAtSides }: AutoRequest): ChooseOptions {
    return looksAtSides ? { ...this.#options, looksAtSides } : this.#options
  }

  #inFormat(request: AutoRequest, format: OutputFormat): SettledRequest {
    const known = this.#requests.get(request) ?? new Map<OutputFormat, SettledRequest>()
    const { source, preset, spec } = request
    const settled = known.get(format) ?? { source, preset, spec: inFormat(spec, format) }
    this.#requests.set(request, known.set(format, settled))
    return settled
  }
}

/** Whether what would be answered is of another version of the source than the one that the format suits. */
function isOutdated({ sourceVersion }: Settled, headline: Headline | undefined): boolean {
  const version = headline?.canonical?.version
  return sourceVersion !== undefined && version !== undefined && sourcePartOf(version) !== sourceVersion
}
