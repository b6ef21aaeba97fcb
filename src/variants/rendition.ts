import { LRUCache } from 'lru-cache'
import { GatewayError, isVerdict } from '../errors.ts'
import type { Admission } from '../admission/admission.ts'
import type { Overlays } from '../overlays/overlays.ts'
import type { ByteBudget } from '../admission/byte-budget.ts'
import type { Renderer, Rendering } from '../render/renderer.ts'
import type { FlightControl } from '../sources/single-flight.ts'
import type { Source, SourceBodies } from '../sources/source.ts'
import type { OverlayToDraw } from '../transform/overlay.ts'
import { DRAWING, isDrawing, sizeOf, specName, type VariantSpec } from '../transform/spec.ts'
import { versionOf } from '../urls/version.ts'
import { formatFacts, formatMeasurement, toSourceFacts } from './source-facts.ts'
import type { RenderTimings } from './variant.ts'

export interface RenditionsOptions {
  readonly bodies: SourceBodies
  readonly renderer: Renderer
  readonly admission: Admission
  readonly fetching: ByteBudget
  readonly overlays: Overlays
  readonly maxSourceBytes: number
  readonly fetchTimeoutMs: number
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
  /** Finds what is needed beside them. */
  readonly findBeside: () => Promise<Beside>
  readonly work: (body: Buffer, beside: Beside, waited: Waited) => Promise<T>
}

/** Verdicts remembered at most; one is forgotten with its version, since a new one has another name. */
const MAX_VERDICTS = 10_000

/** Makes pictures out of sources: fetched under one gate, rendered under another, never of another version than asked. */
export class Renditions {
  readonly #options: RenditionsOptions
  readonly #verdicts = new LRUCache<string, GatewayError>({ max: MAX_VERDICTS })

  constructor(options: RenditionsOptions) {
    this.#options = options
  }

  /** Throws the verdict on this version of the source, or on this size of it, if there is one. */
  assertServable(source: Source, spec: VariantSpec): void {
    const verdict =
      this.#verdicts.get(renditionName(source, spec)) ??
      // What no picture can be made of can still be a drawing, such as one that is packed.
      (isDrawing(spec) ? undefined : this.#verdicts.get(versionName(source)))
    // A fresh error each time: the stack of the first request would mislead.
    if (verdict !== undefined) throw new GatewayError(verdict.code, verdict.message)
  }

  /** Renders one picture, or says that the source is no longer the version that it was. */
  async render(
    source: Source,
    spec: VariantSpec,
    flight: FlightControl,
  ): Promise<Rendition | 'source-changed'> {
    this.assertServable(source, spec)
    try {
      return await this.#render(source, spec, flight)
    } catch (error) {
      if (isVerdict(error)) this.#remember(error, source, spec)
      throw error
    }
  }

  #render(source: Source, spec: VariantSpec, flight: FlightControl): Promise<Rendition | 'source-changed'> {
    return this.#lend(source, flight, {
      findBeside: async () => this.#options.overlays.find(drawnIn(spec), flight.signal),
      work: async (body, overlays, { fetchMs, queueMs }) => {
        const { bytes, contentType, timings: worked } = await this.#make(body, { source, spec, overlays })
        const { decodeMs, encodeMs } = worked
        const timings = { fetchMs, queueMs: queueMs + worked.queueMs, decodeMs, encodeMs }
        return { bytes, contentType, timings }
      },
    })
  }

  /**
   * Hands the bytes of a source to `work`, which is let in like a picture to be rendered, or says that the source is no
   * longer the version that it was.
   */
  lend<T>(
    source: Source,
    flight: FlightControl,
    work: (body: Buffer) => Promise<T>,
  ): Promise<T | 'source-changed'> {
    return this.#lend(source, flight, { findBeside: async () => Promise.resolve(), work })
  }

  #lend<Beside, T>(
    source: Source,
    flight: FlightControl,
    { findBeside, work }: Borrower<Beside, T>,
  ): Promise<T | 'source-changed'> {
    const { admission, fetching, maxSourceBytes } = this.#options
    if (source.bytes > maxSourceBytes) throw tooLarge(source.bytes, maxSourceBytes)
    // A place in the queue first: what would be refused is not fetched. The bytes are held until they are rendered.
    return admission.hold(async (place) => {
      return fetching.use(
        source.bytes,
        async () => {
          const fetchedFrom = performance.now()
          const beside = await findBeside()
          const body = await this.#fetch(source, flight.signal)
          if (body === 'source-changed') return body
          const queuedFrom = performance.now()
          return place.run(async () => {
            flight.commit()
            const queueMs = performance.now() - queuedFrom
            return work(body, beside, { fetchMs: queuedFrom - fetchedFrom, queueMs })
          })
        },
        flight.signal,
      )
    }, flight.signal)
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

  #remember(verdict: GatewayError, source: Source, spec: VariantSpec): void {
    // Whoever restores it makes no new version of it.
    if (verdict.code === 'source_archived') return
    // What is too much at one size may be little at another, and what is no drawing is a picture all the same. What
    // strangers want done to a picture may be too much as well: they must not take it from everybody.
    const isOfSpec =
      verdict.code === 'source_overran' ||
      verdict.code === 'source_too_large' ||
      isDrawing(spec) ||
      (verdict.code === 'source_broken' && sizeOf(spec)?.edits !== undefined) ||
      // A decoder may have died of an overlay.
      drawnIn(spec).length > 0
    this.#verdicts.set(isOfSpec ? renditionName(source, spec) : versionName(source), verdict)
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

function versionName(source: Source): string {
  return `${source.key}@${source.version}`
}

function renditionName(source: Source, spec: VariantSpec): string {
  return `${versionName(source)}/${specName(spec)}`
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
