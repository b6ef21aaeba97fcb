import { GatewayError, isVerdict } from '../errors.ts'
import type { Admission, Place } from '../admission/admission.ts'
import type { FairBudget, Taking } from '../admission/fair-budget.ts'
import type { PictureCosts } from '../admission/picture-cost.ts'
import type { Overlays } from '../overlays/overlays.ts'
import type { Renderer, Rendering } from '../render/renderer.ts'
import type { FlightControl } from '../sources/single-flight.ts'
import type { Source, SourceBodies } from '../sources/source.ts'
import type { OverlayToDraw } from '../transform/overlay.ts'
import { DRAWING, type VariantSpec } from '../transform/spec.ts'
import { versionOf } from '../urls/version.ts'
import { Verdicts } from '../verdicts/verdicts.ts'
import { formatFacts, formatMeasurement, toSourceFacts } from './source-facts.ts'
import type { Requester } from './answer.ts'
import type { RenderTimings } from './variant.ts'
import { askerOf } from './visitor.ts'

export interface RenditionsOptions {
  readonly bodies: SourceBodies
  readonly renderer: Renderer
  readonly admission: Admission
  /** Bytes of sources that are in memory. */
  readonly fetching: FairBudget
  /** Bytes of memory that workers need for what they are making. */
  readonly working: FairBudget
  readonly costs: PictureCosts
  readonly overlays: Overlays
  readonly maxSourceBytes: number
  readonly fetchTimeoutMs: number
  /** What of the budget for fetching a source takes at the least: so few are fetched at once that hits find time between them. */
  readonly minFetchBytes: number
  /** The epoch of the renderer. */
  readonly epoch: string
}

export interface Rendition {
  readonly bytes: Buffer<ArrayBuffer>
  readonly contentType: string
  readonly timings: RenderTimings
}

/** What a worker is asked to make. */
interface Order {
  readonly source: Source
  readonly spec: VariantSpec
  readonly overlays: readonly OverlayToDraw[]
}

/** What a worker made: a picture, a drawing, or facts. */
type Made = Pick<Rendering, 'bytes' | 'contentType' | 'timings'>

/** How long bytes were fetched, and waited for their turn. */
type Waited = Pick<RenderTimings, 'fetchMs' | 'queueMs'>

/** Whoever borrows the bytes of a source. */
interface Borrower<Beside, T> {
  readonly requester: Requester | undefined
  /** What their work costs: that of this. */
  readonly spec: VariantSpec
  /** Finds what is needed beside them. */
  readonly findBeside: () => Promise<Beside>
  readonly work: (body: Buffer, beside: Beside, waited: Waited) => Promise<T>
}

/** What a borrower has once it is let in. */
interface Admitted {
  readonly place: Place
  readonly turn: Taking & { readonly signal: AbortSignal }
  readonly flight: FlightControl
}

const FACTS = { facts: 'info.json' } as const

/** Makes pictures out of sources: fetched under one gate, rendered under another, never of another version than asked. */
export class Renditions {
  readonly #options: RenditionsOptions
  readonly #verdicts = new Verdicts()

  constructor(options: RenditionsOptions) {
    this.#options = options
  }

  /** Throws the verdict on this version of the source, or on this size of it, if there is one. */
  assertServable(source: Source, spec: VariantSpec): void {
    this.#verdicts.assertNone(source, spec)
  }

  /** Renders one picture, or says that the source is no longer the version that it was. */
  async render(
    source: Source,
    spec: VariantSpec,
    flight: FlightControl,
    requester?: Requester,
  ): Promise<Rendition | 'source-changed'> {
    this.assertServable(source, spec)
    try {
      return await this.#lend(source, flight, {
        spec,
        requester,
        findBeside: async () => this.#options.overlays.find(drawnIn(spec), flight.signal),
        work: async (body, overlays, { fetchMs, queueMs }) => {
          // Others of the same version may have been tried in vain meanwhile.
          this.assertServable(source, spec)
          const { bytes, contentType, timings: worked } = await this.#make(body, { source, spec, overlays })
          const { decodeMs, encodeMs } = worked
          const timings = { fetchMs, queueMs: queueMs + worked.queueMs, decodeMs, encodeMs }
          return { bytes, contentType, timings }
        },
      })
    } catch (error) {
      if (isVerdict(error)) this.#verdicts.note(error, source, spec)
      throw error
    }
  }

  /**
   * Hands the bytes of a source to `work`, which is let in like somebody who wants its facts, or says that the source is
   * no longer the version that it was.
   */
  lend<T>(
    source: Source,
    flight: FlightControl,
    work: (body: Buffer) => Promise<T>,
    requester?: Requester,
  ): Promise<T | 'source-changed'> {
    return this.#lend(source, flight, {
      spec: FACTS,
      requester,
      findBeside: async () => Promise.resolve(),
      work,
    })
  }

  #lend<Beside, T>(
    source: Source,
    flight: FlightControl,
    borrower: Borrower<Beside, T>,
  ): Promise<T | 'source-changed'> {
    const { admission, fetching, maxSourceBytes, minFetchBytes, costs } = this.#options
    if (source.bytes > maxSourceBytes) throw tooLarge(source.bytes, maxSourceBytes)
    const asker = askerOf(source, flight, borrower.requester)
    const cost = costs.effortOf(source, borrower.spec)
    // A place in the queue first: what would be refused is not fetched. The bytes are held until they are rendered.
    return admission.hold(
      async (place) => {
        const turn = { asker, cost, signal: place.signal ?? flight.signal }
        return fetching.use(
          Math.max(source.bytes, minFetchBytes),
          async () => this.#work(source, { place, turn, flight }, borrower),
          turn,
        )
      },
      { asker, cost, signal: flight.signal },
    )
  }

  async #work<Beside, T>(
    source: Source,
    { place, turn, flight }: Admitted,
    { spec, findBeside, work }: Borrower<Beside, T>,
  ): Promise<T | 'source-changed'> {
    const { working, costs } = this.#options
    const fetchedFrom = performance.now()
    const beside = await findBeside()
    const body = await this.#fetch(source, turn.signal)
    if (body === 'source-changed') return body
    const queuedFrom = performance.now()
    const begin = async (): Promise<T> => {
      flight.commit()
      const queueMs = performance.now() - queuedFrom
      return work(body, beside, { fetchMs: queuedFrom - fetchedFrom, queueMs })
    }
    // Memory before a slot: whoever waits for much of it keeps no worker from others.
    return working.use(costs.memoryOf(body, spec), async () => place.run(begin), turn)
  }

  async #make(body: Buffer, { source, spec, overlays }: Order): Promise<Made> {
    const { renderer, epoch } = this.#options
    if (!('facts' in spec)) return renderer.render(body, spec, { focus: source.focus, overlays })
    if (spec.facts === DRAWING) return renderer.draw(body)
    if (spec.facts === 'measure') {
      const measurement = await renderer.measure(body, spec.of)
      return { ...formatMeasurement(measurement, source), timings: measurement.timings }
    }
    const description = await renderer.describe(body)
    const facts = toSourceFacts(description, source, versionOf(source.version, epoch))
    return { ...formatFacts(facts, spec.facts), timings: description.timings }
  }

  async #fetch(source: Source, signal: AbortSignal): Promise<Buffer | 'source-changed'> {
    const { bodies, maxSourceBytes, fetchTimeoutMs } = this.#options
    const late = AbortSignal.timeout(fetchTimeoutMs)
    try {
      const result = await bodies.get(source, {
        maxBytes: maxSourceBytes,
        signal: AbortSignal.any([signal, late]),
      })
      if (result.outcome === 'found') return result.object.body
      if (result.outcome === 'too-large') throw tooLarge(result.bytes, maxSourceBytes)
      return 'source-changed'
    } catch (error) {
      if (late.aborted && !signal.aborted) {
        throw new GatewayError('timed_out', 'The bucket took too long to hand out the source', {
          cause: error,
        })
      }
      throw error
    }
  }
}

function tooLarge(bytes: number, maxBytes: number): GatewayError {
  return new GatewayError(
    'source_too_large',
    `The source has ${bytes} bytes; at most ${maxBytes} are accepted`,
  )
}

/** The names of the overlays that a variant is asked with. */
function drawnIn(spec: VariantSpec): readonly string[] {
  return ('facts' in spec ? undefined : spec.edits?.draw) ?? []
}
