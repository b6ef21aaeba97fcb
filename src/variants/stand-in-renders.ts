import { GatewayError } from '../errors.ts'
import type { Source } from '../sources/source.ts'
import type { TransformSpec, VariantSpec } from '../transform/spec.ts'
import { quickened, standInsFor } from '../transform/stand-ins.ts'
import { versionOf } from '../urls/version.ts'
import type { DeliverOptions, StandIn, Waiting } from './answer.ts'
import { treeOf } from './restriction.ts'
import { nameOf, type VariantName } from './variant.ts'
import type { FoundVariant, RenderOptions, VariantStore } from './variant-store.ts'
import type { VariantStock } from './variant-stock.ts'

/** What became of a picture in a stranger's own size that was not there: made, another in its place, or nothing. */
export type OffLadderOutcome = 'granted' | 'stood-in' | 'refused'

/** What was answered in the place of a picture for which there was too much to do. */
export type DegradedOutcome = StandIn | 'refused'

export interface StandInRendersOptions {
  readonly variants: Pick<VariantStore, 'findStored' | 'inMemory' | 'isRendering' | 'render' | 'renderWithin'>
  readonly stock: Pick<VariantStock, 'beside' | 'noteGone'>
  /** Whether so much waits to be rendered that pictures are to be made the quick way. */
  readonly isCongested: () => boolean
  /** The epoch of the renderer. */
  readonly epoch: string
  readonly onOffLadder?: ((outcome: OffLadderOutcome) => void) | undefined
  readonly onDegraded?: ((outcome: DegradedOutcome) => void) | undefined
  /** Told of a look for stand-ins that has failed: whoever asked is refused then. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

type FoundStandIn = FoundVariant & { readonly standIn: StandIn }

type Asker = Waiting & Pick<DeliverOptions, 'offLadder' | 'isSigned' | 'alternatives'>

/** A picture to be made. */
export interface RenderOrder {
  readonly name: VariantName
  readonly source: Source
  readonly spec: VariantSpec
}

/** Why a picture is not made. */
interface Refusal {
  readonly reason: 'budget' | 'load'
  readonly error: () => GatewayError
}

/** Pictures that are looked for in the place of one: each may be a bucket call. */
const MAX_STAND_INS = 2

/** How long is waited for a stand-in: whoever gets none is to know soon, and at once where there is too much to do. */
const PATIENCE_MS = { load: 40, budget: 1_000 }

/** Makes pictures, and finds others in their place where there is too much to do, or a stranger's budget is spent. */
export class StandInRenders {
  readonly #options: StandInRendersOptions

  constructor(options: StandInRendersOptions) {
    this.#options = options
  }

  /**
   * The picture rendered; where much waits already the same by the quickest encoder, which is not stored; and where no
   * place or no budget is left, the next larger one that is there: at most three bucket calls more. Throws `overloaded`
   * or `too_many_requests` where there is none.
   */
  async render(order: RenderOrder, asker: Asker): Promise<FoundVariant | 'source-changed'> {
    // What nobody waits for can come again when there is time for the right one.
    const isPatient = asker.requester?.isBackground === true
    const quick = !isPatient && this.#options.isCongested() ? this.#quickened(order) : undefined
    const made = await this.#make(quick ?? order, asker, quick && 'never')
    if (made === 'source-changed') return made
    if (isPatient && 'reason' in made && made.reason === 'load') throw made.error()
    if ('variant' in made) return quick === undefined ? made : this.#degraded(made, 'fast')
    const standIn = await this.#find(order, asker, made.reason)
    if (made.reason === 'budget') this.#options.onOffLadder?.(standIn ? 'stood-in' : 'refused')
    else if (standIn === undefined) this.#options.onDegraded?.('refused')
    if (standIn === undefined) throw made.error()
    return made.reason === 'load' ? this.#degraded(standIn, standIn.standIn) : standIn
  }

  #degraded(found: FoundVariant, standIn: StandIn): FoundVariant {
    this.#options.onDegraded?.(standIn)
    return { ...found, standIn }
  }

  async #make(
    { name, source, spec }: RenderOrder,
    { offLadder, isSigned, signal, requester }: Asker,
    storing: RenderOptions['storing'] = isSigned ? 'always' : 'if-few',
  ): Promise<FoundVariant | 'source-changed' | Refusal> {
    const { variants, onOffLadder } = this.#options
    const how = { signal, requester, storing }
    try {
      if (offLadder === undefined) return await variants.render(name, source, spec, how)
      const take = async (from: Source, made: VariantSpec) => {
        const isGranted = await offLadder.take(from, made)
        if (isGranted) onOffLadder?.('granted')
        return isGranted
      }
      const made = await variants.renderWithin(name, source, spec, { ...how, offLadder: { take } })
      return made === 'spent' ? { reason: 'budget', error: () => offLadder.refusal() } : made
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'overloaded') throw error
      return { reason: 'load', error: () => error }
    }
  }

  /** The same by the quickest encoder; nothing for facts, and for what is being rendered already. */
  #quickened({ name, source, spec }: RenderOrder): RenderOrder | undefined {
    const quick = 'facts' in spec ? undefined : quickened(spec)
    if (quick === undefined || this.#options.variants.isRendering(name.key)) return undefined
    return { name: this.#nameOf(source, quick), source, spec: quick }
  }

  /** What can be sent in the place of a picture; nothing also when that cannot be found out soon. */
  async #find(
    order: RenderOrder,
    { alternatives, signal, requester }: Asker,
    reason: Refusal['reason'],
  ): Promise<FoundStandIn | undefined> {
    const quick = this.#quickened(order)
    const variant = quick && this.#options.variants.inMemory(quick.name.key)
    if (variant !== undefined) return { variant, layer: 'memory', standIn: 'fast' }
    const { spec } = order
    if ('facts' in spec) return undefined
    const others = alternatives?.().filter(({ format }) => format !== spec.format) ?? []
    // It is looked for to the end: whoever comes again finds it in memory.
    const search = this.#findLarger(order, [spec, ...others], { requester }).catch((error: unknown) => {
      // That this was refused as well is the load of which the answer tells.
      if (!(error instanceof GatewayError) || error.code !== 'overloaded') this.#options.onFailure?.(error)
      return undefined
    })
    const patience = AbortSignal.timeout(PATIENCE_MS[reason])
    const ends = signal ? AbortSignal.any([signal, patience]) : patience
    const late = new Promise<undefined>((resolve) => {
      ends.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    const found = await Promise.race([search, late])
    signal?.throwIfAborted()
    return found
  }

  async #findLarger(
    { name, source }: RenderOrder,
    specs: readonly TransformSpec[],
    waiting: Waiting,
  ): Promise<FoundStandIn | undefined> {
    const { variants, stock } = this.#options
    const beside = await stock.beside(name.key)
    const candidates = specs.flatMap((spec) => standInsFor(spec, beside)).slice(0, MAX_STAND_INS)
    for (const candidate of candidates) {
      const candidateName = this.#nameOf(source, candidate)
      const found = await variants.findStored(candidateName, waiting)
      if (found !== undefined) return { ...found, standIn: 'larger' }
      stock.noteGone(candidateName.key)
    }
    return undefined
  }

  #nameOf(source: Source, spec: TransformSpec): VariantName {
    return nameOf(source.at, versionOf(source.version, this.#options.epoch), spec, treeOf(source))
  }
}
