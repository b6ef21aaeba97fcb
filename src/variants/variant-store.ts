import { GatewayError } from '../errors.ts'
import type { Gate } from '../sources/gate.ts'
import { FairLru } from '../sources/fair-lru.ts'
import { SingleFlight } from '../sources/single-flight.ts'
import type { Source } from '../sources/source.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'
import type { VariantSpec } from '../transform/spec.ts'
import type { OffLadder, StandIn, Waiting } from './answer.ts'
import type { Renditions } from './rendition.ts'
import { type Layer, type RenderTimings, sourceModified, type Variant, type VariantName } from './variant.ts'
import type { Storing, WriteBack } from './write-back.ts'

export interface VariantStoreOptions {
  readonly store: Pick<ObjectStore, 'get'>
  /** Lets looks in the bucket in that somebody waits for; without it all of them are. */
  readonly gate?: Pick<Gate, 'pass'> | undefined
  readonly renditions: Renditions
  readonly writeBack: Pick<WriteBack, 'add'>
  /** What memory may hold, bodies and bookkeeping. */
  readonly memoryBytes: number
  /** Deadline of one flight: look in the bucket, or fetch and render. */
  readonly flightTimeoutMs: number
  /** Called once for each picture that was rendered. */
  readonly onRendered?: (variant: Variant, timings: RenderTimings) => void
}

/** A picture and the layer that had it. */
export interface FoundVariant {
  readonly variant: Variant
  readonly layer: Layer
  readonly timings?: RenderTimings
  /** What kind of other picture it is, where it is not the one that was asked for. */
  readonly standIn?: StandIn
}

/** How a picture is rendered. */
export interface RenderOptions extends Waiting {
  /** What becomes of it beside memory: stored, if there is room for its kind unless it was signed. */
  readonly storing?: Storing | 'never' | undefined
}

/** The same for somebody whose renders are counted. */
export interface RenderWithin extends RenderOptions {
  readonly offLadder: Pick<OffLadder, 'take'>
}

/** The part of memory that pictures of one version of a source may have: strangers choose how many there are. */
const LARGEST_SHARE = 1 / 8

/** What a picture costs in memory beside its bytes: strings, headers, entries. */
const ENTRY_OVERHEAD_BYTES = 1024

type Rendered = { readonly variant: Variant; readonly timings: RenderTimings } | 'source-changed' | 'spent'

/** Whoever has paid already. */
const PAID: Pick<OffLadder, 'take'> = { take: async () => true }

/** Variants, wherever they are: memory, then the bucket, then rendered and stored. One flight a key in each step. */
export class VariantStore {
  readonly #options: VariantStoreOptions
  readonly #memory: FairLru<Variant>
  readonly #lookingUp: SingleFlight<Variant | undefined>
  readonly #rendering: SingleFlight<Rendered>

  constructor(options: VariantStoreOptions) {
    this.#options = options
    this.#memory = new FairLru({
      // 0 would be no bound; nothing fits into 1.
      maxSize: Math.max(1, options.memoryBytes),
      maxGroupSize: options.memoryBytes * LARGEST_SHARE,
      sizeOf: (variant) => variant.bytes.length + ENTRY_OVERHEAD_BYTES,
      groupOf: (key) => key.slice(0, key.lastIndexOf('/')),
    })
    this.#lookingUp = new SingleFlight(options.flightTimeoutMs, timedOut)
    this.#rendering = new SingleFlight(options.flightTimeoutMs, timedOut)
  }

  /** Flights in the air, bytes and pictures in memory. */
  get stats(): { flights: number; memoryBytes: number; memoryEntries: number } {
    return {
      flights: this.#lookingUp.size + this.#rendering.size,
      memoryBytes: this.#memory.totalSize,
      memoryEntries: this.#memory.size,
    }
  }

  /** The picture if memory has it. */
  inMemory(key: string): Variant | undefined {
    return this.#memory.get(key)
  }

  /** Whether the picture is being rendered. */
  isRendering(key: string): boolean {
    return this.#rendering.has(key)
  }

  /** The picture if memory or the bucket has it: at most one bucket call. */
  async findStored(name: VariantName, waiting: Waiting = {}): Promise<FoundVariant | undefined> {
    const known = this.#memory.get(name.key)
    if (known !== undefined) return { variant: known, layer: 'memory' }
    const flight = this.#lookingUp.join(
      name.key,
      async (control) => {
        const { store, gate } = this.#options
        const look = () => store.get(name.key, { signal: control.signal })
        const passing = { ...waiting, signal: control.signal }
        const result = await (gate ? gate.pass(look, passing) : look())
        if (result.outcome !== 'found') return undefined
        const variant = toVariant(name, result.object)
        if (control.current) this.#memory.set(name.key, variant)
        return variant
      },
      waiting.signal,
    )
    const variant = await flight.result
    return variant && { variant, layer: flight.collapsed ? 'collapsed' : 'bucket' }
  }

  /** The picture, rendered if it is stored nowhere; `source-changed` when the source is no longer what it was. */
  async find(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    waiting: Waiting = {},
  ): Promise<FoundVariant | 'source-changed'> {
    const stored = await this.findServable(name, source, spec, waiting)
    return stored ?? this.render(name, source, spec, waiting)
  }

  /** The picture if it is stored; throws the verdict on its source, where there is one, before the bucket is asked. */
  async findServable(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    waiting: Waiting = {},
  ): Promise<FoundVariant | undefined> {
    const known = this.#memory.get(name.key)
    if (known !== undefined) return { variant: known, layer: 'memory' }
    this.#options.renditions.assertServable(source, spec)
    return this.findStored(name, waiting)
  }

  /** Renders a picture that is not stored, shares it, keeps it, and has it stored. */
  async render(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    options: RenderOptions = {},
  ): Promise<FoundVariant | 'source-changed'> {
    for (;;) {
      const rendered = await this.#render(name, source, spec, options)
      // Joined was somebody who had nothing left: their flight was none, and the next is ours or another's.
      if (rendered !== 'spent' && rendered !== 'spent-by-another') return rendered
    }
  }

  /**
   * The same for somebody whose renders are counted: a flight of theirs takes one from what they have left, one that
   * they join nothing. `spent` when there was nothing left.
   */
  async renderWithin(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    options: RenderWithin,
  ): Promise<FoundVariant | 'source-changed' | 'spent'> {
    let rendered = await this.#render(name, source, spec, options)
    // Paid for before the next flight: a crowd that has nothing left would else fly one after the other.
    if (rendered === 'spent-by-another' && !(await options.offLadder.take(source, spec))) return 'spent'
    while (rendered === 'spent-by-another') {
      rendered = await this.#render(name, source, spec, { ...options, offLadder: PAID })
    }
    return rendered
  }

  async #render(
    name: VariantName,
    source: Source,
    spec: VariantSpec,
    { offLadder, signal, requester, storing = 'if-few' }: Partial<RenderWithin>,
  ): Promise<FoundVariant | 'source-changed' | 'spent' | 'spent-by-another'> {
    // No await between this look and the flight: a flight that has just landed is seen, one in the air is joined.
    const landed = this.#memory.get(name.key)
    if (landed !== undefined) return { variant: landed, layer: 'memory' }
    const flight = this.#rendering.join(
      name.key,
      async (control): Promise<Rendered> => {
        // What will not be rendered costs nothing.
        if (offLadder !== undefined) {
          this.#options.renditions.assertServable(source, spec)
          if (!(await offLadder.take(source, spec))) return 'spent'
        }
        const rendition = await this.#options.renditions.render(source, spec, control, requester)
        if (rendition === 'source-changed') return rendition
        const { bytes, contentType, timings } = rendition
        const variant = { ...name, bytes, contentType, lastModified: source.lastModified }
        this.#options.onRendered?.(variant, timings)
        if (control.current) this.#memory.set(name.key, variant)
        if (storing !== 'never') this.#options.writeBack.add(variant, source, storing)
        return { variant, timings }
      },
      signal,
      requester?.isBackground,
    )
    const rendered = await flight.result
    if (rendered === 'source-changed') return rendered
    if (rendered === 'spent') return flight.collapsed ? 'spent-by-another' : rendered
    return flight.collapsed
      ? { variant: rendered.variant, layer: 'collapsed' }
      : { ...rendered, layer: 'render' }
  }

  /** Somebody else stored this picture first: from now on their bytes are served here too. */
  async adoptStored(name: VariantName, signal?: AbortSignal): Promise<void> {
    const result = await this.#options.store.get(name.key, { signal })
    // Forgotten in the meantime stays forgotten.
    if (result.outcome === 'found' && this.#memory.has(name.key)) {
      this.#memory.set(name.key, toVariant(name, result.object))
    }
  }

  /** Drops the pictures whose keys begin with one of the prefixes, also those still in the air. */
  forget(prefixes: readonly string[]): void {
    const matches = (key: string) => prefixes.some((prefix) => key.startsWith(prefix))
    for (const key of this.#memory.keys()) if (matches(key)) this.#memory.delete(key)
    this.#lookingUp.forget(matches)
    this.#rendering.forget(matches)
  }

  /** Drops everything from memory. */
  forgetAll(): void {
    this.forget([''])
  }
}

function timedOut(): GatewayError {
  return new GatewayError('timed_out', 'The picture took too long')
}

function toVariant(name: VariantName, object: StoredObject): Variant {
  return {
    key: name.key,
    etag: name.etag,
    tags: name.tags,
    bytes: object.body,
    contentType: object.contentType,
    lastModified: sourceModified(object),
  }
}
