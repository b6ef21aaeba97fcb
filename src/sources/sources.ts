import { LRUCache } from 'lru-cache'
import { GatewayError } from '../errors.ts'
import type { SourcePath } from '../urls/image-request.ts'
import { isRemotePath } from '../urls/source-path.ts'
import type { Gate, Passing } from './gate.ts'
import { FAILURE_TTL_MS, isAway, STALE_AFTER_MS, STALE_MS } from './last-word.ts'
import { type FlightControl, SingleFlight } from './single-flight.ts'
import type { Source } from './source.ts'

export interface SourcesOptions {
  readonly lookUp: (path: SourcePath, signal: AbortSignal) => Promise<Source | undefined>
  /** How long what was found, and "nothing there", is believed without asking again. */
  readonly ttlMs: number
  /** How long a look-up may take in all. */
  readonly timeoutMs: number
  /** Lets look-ups in that somebody waits for; without it all of them are. */
  readonly gate?: Pick<Gate, 'pass'> | undefined
  /** Memory for look-ups, roughly: strangers can ask for any path. */
  readonly maxBytes?: number
}

/** Who wants to know what a path means, and until when they wait. */
export type Looker = Passing

export interface Found {
  /** `undefined`: there is nothing at this path. */
  readonly source: Source | undefined
  /** The bucket did not answer; this is what it said last. */
  readonly stale: boolean
}

/** What a look-up costs in memory beside its strings. */
const ENTRY_BYTES = 512
interface Remembered {
  readonly source: Source | undefined
  /** When it was learnt, on the clock that nobody sets. */
  readonly at: number
  until: number
  stale: boolean
}

/** Which object and version a path means, remembered for a few seconds. */
export class Sources {
  readonly #remembered: LRUCache<string, Remembered>
  readonly #flights: SingleFlight<Source | undefined>
  /** Look-ups that all with the same reason to ask again share, by reason and path. */
  readonly #shared: SingleFlight<Found>
  readonly #options: SourcesOptions

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#remembered = new LRUCache({
      maxSize: options.maxBytes ?? 64 * 1024 * 1024,
      // The path stands in the key, and in the source several times.
      sizeCalculation: ({ source }, path) => ENTRY_BYTES + 6 * path.length + addressLength(source),
    })
    this.#flights = new SingleFlight(options.timeoutMs, timedOut)
    this.#shared = new SingleFlight(options.timeoutMs, timedOut)
  }

  /** What is known without asking: `undefined` when nothing is, or when it is too old. */
  remembered(path: SourcePath): Found | undefined {
    if (isNameless(path)) return NOTHING
    const entry = this.#remembered.get(path.path)
    return entry !== undefined && entry.until > performance.now() ? entry : undefined
  }

  /**
   * What the path means: remembered, or asked for (one bucket call, shared). While the bucket is away, or too much is
   * being looked up, the last answer.
   */
  async find(path: SourcePath, looker: Looker = {}): Promise<Found> {
    const known = this.remembered(path)
    if (known !== undefined) return known
    const { gate } = this.#options
    const { signal } = looker
    const last = this.#remembered.get(path.path)
    if (last === undefined || performance.now() - last.at > STALE_MS) return this.#ask(path, looker, gate)
    const patience = AbortSignal.timeout(STALE_AFTER_MS)
    try {
      const either = signal ? AbortSignal.any([signal, patience]) : patience
      return await this.#ask(path, { ...looker, signal: either }, gate)
    } catch (error) {
      if (signal?.aborted) throw error
      if (!patience.aborted && !isAway(error) && !isOverloaded(error)) throw error
      // Not `last`: what has been forgotten meanwhile must not stand in.
      const still = this.#remembered.get(path.path)
      if (still === undefined) {
        // Our patience was for having something else to say.
        if (patience.aborted) return this.#ask(path, looker)
        throw error
      }
      if (still !== last) return still
      still.until = performance.now() + FAILURE_TTL_MS
      still.stale = true
      return still
    }
  }

  /**
   * What the bucket says at this moment. Never joins a look-up that is under way: that one may have read the record
   * before the change that the caller has to see.
   */
  async findNow(path: SourcePath, signal?: AbortSignal): Promise<Found> {
    return this.#findNow(path, { signal })
  }

  /**
   * What the path means, asked again if what is remembered is not the wanted version: that may be the newer one. Those
   * who want the same version share the look-up: nobody knows a version that is not there yet.
   */
  async findFor(path: SourcePath, version: string, looker: Looker = {}): Promise<Found> {
    const known = this.remembered(path)
    if (known?.source?.version === version) return known
    return this.#findShared(path, `+${version}`, looker)
  }

  /** What the path means instead of a version that has turned out to be outdated: all who learnt that share the look-up. */
  async findAfter(path: SourcePath, version: string, looker: Looker = {}): Promise<Found> {
    return this.#findShared(path, `-${version}`, looker)
  }

  /** Drops what is remembered of a path, of everything below it, and of what it is a part of (an album of its photo). */
  forget(path: string): void {
    const related = (known: string) =>
      known === path || known.startsWith(`${path}/`) || path.startsWith(`${known}/`)
    for (const known of this.#remembered.keys()) if (related(known)) this.#remembered.delete(known)
    this.#flights.forget(related)
    this.#shared.forget((key) => related(key.slice(key.indexOf(' ') + 1)))
  }

  /** Drops everything that is remembered. */
  forgetAll(): void {
    this.#remembered.clear()
    this.#flights.forget(() => true)
    this.#shared.forget(() => true)
  }

  async #findNow(path: SourcePath, looker: Looker, gate?: Pick<Gate, 'pass'>): Promise<Found> {
    if (isNameless(path)) return NOTHING
    this.#flights.forget((known) => known === path.path)
    return this.#ask(path, looker, gate)
  }

  async #findShared(path: SourcePath, reason: string, looker: Looker): Promise<Found> {
    if (isNameless(path)) return NOTHING
    const ask = ({ signal }: FlightControl) => this.#findNow(path, { ...looker, signal }, this.#options.gate)
    return this.#shared.join(`${reason} ${path.path}`, ask, looker.signal).result
  }

  async #ask(path: SourcePath, { signal, requester }: Looker, gate?: Pick<Gate, 'pass'>): Promise<Found> {
    const flight = this.#flights.join(
      path.path,
      async (control) => {
        // Finished even if nobody waits: a bucket that is slower than anybody's patience would never be heard.
        control.commit()
        const lookUp = () => this.#options.lookUp(path, control.signal)
        // Another server's slowness must not keep anybody from the bucket; how often one is asked is bounded there.
        const passing = path.shape === 'remote' ? undefined : gate
        const source = await (passing
          ? passing.pass(lookUp, { signal: control.signal, requester })
          : lookUp())
        if (control.current) this.#remember(path, source)
        return source
      },
      signal,
    )
    return { source: await flight.result, stale: false }
  }

  #remember(path: SourcePath, source: Source | undefined): void {
    const now = performance.now()
    this.#remembered.set(path.path, { source, at: now, until: now + this.#options.ttlMs, stale: false })
  }
}

/** The address of what lies on another server: strangers make it as long as is accepted. */
const addressLength = (source: Source | undefined): number =>
  source?.at.shape === 'remote' ? source.at.url.length : 0

const NOTHING: Found = { source: undefined, stale: false }

/**
 * Whether a path is that of what lies on another server, but does not tell where. Nothing is there for whoever asks for
 * it so; and nothing is remembered of it, or it would be gone for those who know the address as well.
 */
function isNameless({ shape, path }: SourcePath): boolean {
  return shape === 'key' && isRemotePath(path)
}

function isOverloaded(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'overloaded'
}

function timedOut(): GatewayError {
  return new GatewayError('timed_out', 'The bucket took too long to answer')
}
