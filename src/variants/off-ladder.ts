import type { Source } from '../sources/source.ts'
import type { VariantSpec } from '../transform/spec.ts'
import { standInsFor } from '../transform/stand-ins.ts'
import { versionOf } from '../urls/version.ts'
import type { OffLadder } from './answer.ts'
import type { OffLadderStock } from './off-ladder-stock.ts'
import { treeOf } from './restriction.ts'
import { nameOf, type VariantName } from './variant.ts'
import type { FoundVariant, RenderWithin, VariantStore } from './variant-store.ts'

/** What became of a picture in a stranger's own size that was not there: made, another in its place, or nothing. */
export type OffLadderOutcome = 'granted' | 'stood-in' | 'refused'

export interface OffLadderRendersOptions {
  readonly variants: Pick<VariantStore, 'findStored' | 'renderWithin'>
  readonly stock: Pick<OffLadderStock, 'beside'>
  /** The epoch of the renderer. */
  readonly epoch: string
  readonly onOutcome?: ((outcome: OffLadderOutcome) => void) | undefined
}

/** Who asks, and what it is drawn on. */
interface Asker extends RenderWithin {
  readonly offLadder: OffLadder
}

/** Pictures that are looked for in the place of one: each may be a bucket call. */
const MAX_STAND_INS = 2

/** Makes pictures in sizes that strangers choose, for as long as their budget lasts. */
export class OffLadderRenders {
  readonly #options: OffLadderRendersOptions

  constructor(options: OffLadderRendersOptions) {
    this.#options = options
  }

  /**
   * The picture rendered, or when the budget is spent the next larger one that is stored: at most three bucket calls.
   * Throws `too_many_requests` where there is neither.
   */
  async render(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    { offLadder, ...waiting }: Asker,
  ): Promise<FoundVariant | 'source-changed'> {
    const { variants, onOutcome } = this.#options
    const take = async (from: Source, made: VariantSpec) => {
      const isGranted = await offLadder.take(from, made)
      if (isGranted) onOutcome?.('granted')
      return isGranted
    }
    const rendered = await variants.renderWithin(name, source, spec, {
      ...waiting,
      offLadder: { take },
    })
    if (rendered !== 'spent') return rendered
    const standIn = await this.#findStandIn(name, source, spec, waiting.signal)
    onOutcome?.(standIn === undefined ? 'refused' : 'stood-in')
    if (standIn === undefined) throw offLadder.refusal()
    return { ...standIn, isStandIn: true }
  }

  async #findStandIn(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    signal: AbortSignal | undefined,
  ): Promise<FoundVariant | undefined> {
    if ('facts' in spec) return undefined
    const { variants, stock, epoch } = this.#options
    const version = versionOf(source.version, epoch)
    const beside = await stock.beside(name.key, signal)
    for (const candidate of standInsFor(spec, beside).slice(0, MAX_STAND_INS)) {
      const candidateName = nameOf(source.at, version, candidate, treeOf(source))
      const found = await variants.findStored(candidateName, signal)
      if (found !== undefined) return found
    }
    return undefined
  }
}
