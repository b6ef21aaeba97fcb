import { LRUCache } from 'lru-cache'
import { SingleFlight } from '../sources/single-flight.ts'
import { GatewayError } from '../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { CountedKind } from '../transform/size-policy.ts'
import type { TransformSpec, VariantSpec } from '../transform/spec.ts'
import { parseSpecName, parseVariantName } from '../urls/spec-segment.ts'

export interface VariantStockOptions {
  readonly store: Pick<ObjectStore, 'list'>
  /** How many of each kind are stored of one version of a source. */
  readonly maxStored: Readonly<Record<CountedKind, number>>
  /** What kind a variant is of; `undefined` for those of which there are few anyway. */
  readonly kindOf: (spec: VariantSpec) => CountedKind | undefined
  /** Deadline of one listing. */
  readonly timeoutMs: number
}

type Names = Readonly<Record<CountedKind, Set<string>>>

/** The pictures of one version, as its prefix was listed and what has been made here since. */
interface Known {
  readonly specs: Map<string, TransformSpec>
  /** Those counted: listed, or admitted here and perhaps not listed yet. */
  readonly counted: Names
  /** Of them those admitted here. */
  readonly admitted: Names
  /** Whether there is more than was read. */
  readonly isCut: boolean
}

/** How long a listing stands in for another one; pictures that other replicas have stored since are not seen. */
const KNOWN_MS = 30_000

/** How long a version is not listed again of which that has failed. */
const FAILED_MS = 1_000
const MAX_FAILED = 10_000

/** Names that are read of one version: a page of a listing. */
const MAX_NAMES = 1_000

/** Names in memory of all versions together. */
const MAX_KNOWN_NAMES = 50_000

/**
 * Which pictures of a version are there, so that those of which there could be any number stay few. Each replica lists
 * before it stores, and counts what it is storing itself: together they may store a few more, those that were on their way.
 */
export class VariantStock {
  readonly #options: VariantStockOptions
  readonly #known = new LRUCache<string, Known>({
    maxSize: MAX_KNOWN_NAMES,
    sizeCalculation: ({ specs }) => 1 + specs.size,
    ttl: KNOWN_MS,
    noUpdateTTL: true,
  })
  readonly #failed = new LRUCache<string, { readonly error: unknown }>({ max: MAX_FAILED, ttl: FAILED_MS })
  readonly #listing: SingleFlight<Known>

  constructor(options: VariantStockOptions) {
    this.#options = options
    this.#listing = new SingleFlight(
      options.timeoutMs,
      () => new GatewayError('timed_out', 'The bucket took too long to list pictures'),
    )
  }

  /** Whether one more may be stored: at most one bucket call, and none of a version that is known to have enough. */
  async admit(key: string, signal?: AbortSignal): Promise<boolean> {
    const { prefix, name } = parted(key)
    const kind = this.#kindOf(name)
    if (kind === undefined) return true
    const maxStored = this.#options.maxStored[kind]
    const before = this.#known.get(prefix)
    if (maxStored === 0 || (before !== undefined && isFull(before, kind, maxStored))) return false
    const known = isFarFromFull(before, kind, maxStored) ? before : await this.#list(prefix, signal)
    if (isFull(known, kind, maxStored)) return false
    known.counted[kind].add(name)
    known.admitted[kind].add(name)
    return true
  }

  /** What is there beside a picture, of the same version: at most one bucket call. Some of it may have gone since. */
  async beside(key: string, signal?: AbortSignal): Promise<readonly TransformSpec[]> {
    const { prefix } = parted(key)
    const failed = this.#failed.get(prefix)
    if (failed !== undefined) throw failed.error
    const known = this.#known.get(prefix) ?? (await this.#list(prefix, signal))
    return [...known.specs.values()]
  }

  /** Takes down a picture that has been made. */
  note(key: string): void {
    const { prefix, name } = parted(key)
    const known = this.#known.peek(prefix)
    const spec = parseSpecName(name)
    if (known === undefined || spec === undefined || known.specs.size >= MAX_NAMES) return
    known.specs.set(name, spec)
    // Weighed anew; how long it stands does not change.
    this.#known.set(prefix, { ...known })
  }

  /** Takes down that a picture has gone. */
  noteGone(key: string): void {
    const { prefix, name } = parted(key)
    this.#known.peek(prefix)?.specs.delete(name)
  }

  /** Drops what is known of the pictures whose keys begin with one of the prefixes. */
  forget(prefixes: readonly string[]): void {
    const matches = (key: string) => prefixes.some((prefix) => key.startsWith(prefix))
    for (const key of this.#known.keys()) if (matches(key)) this.#known.delete(key)
    this.#listing.forget(matches)
  }

  #kindOf(name: string): CountedKind | undefined {
    const spec = parseVariantName(name)
    // What nobody can read may be anything.
    return spec === undefined ? 'off-ladder' : this.#options.kindOf(spec)
  }

  async #list(prefix: string, signal?: AbortSignal): Promise<Known> {
    return this.#listing.join(
      prefix,
      async (control) => {
        // Heard to its end even if nobody waits: a slow bucket would be asked again and again.
        control.commit()
        try {
          const known = await this.#read(prefix, control.signal)
          if (control.current) {
            // A new time to stand: setting anew would keep the old one.
            this.#known.delete(prefix)
            this.#known.set(prefix, known)
          }
          return known
        } catch (error) {
          this.#failed.set(prefix, { error })
          throw error
        }
      },
      signal,
    ).result
  }

  async #read(prefix: string, signal: AbortSignal): Promise<Known> {
    const names: string[] = []
    let isCut = false
    for await (const { key } of this.#options.store.list(prefix, { signal })) {
      isCut = names.length === MAX_NAMES
      if (isCut) break
      names.push(key.slice(prefix.length))
    }
    // What has been admitted before may not have arrived yet.
    const admitted = this.#known.peek(prefix)?.admitted ?? noNames()
    const counted = { 'off-ladder': new Set(admitted['off-ladder']), varied: new Set(admitted.varied) }
    const specs = new Map<string, TransformSpec>()
    for (const name of names) {
      const kind = this.#kindOf(name)
      if (kind !== undefined) counted[kind].add(name)
      const spec = parseSpecName(name)
      if (spec !== undefined) specs.set(name, spec)
    }
    return { specs, counted, admitted, isCut }
  }
}

const noNames = (): Names => ({ 'off-ladder': new Set(), varied: new Set() })

function isFull({ counted, isCut }: Known, kind: CountedKind, maxStored: number): boolean {
  return isCut || counted[kind].size >= maxStored
}

/** Whether others may have stored some more since without harm: of what sites use everywhere there is much room. */
function isFarFromFull(known: Known | undefined, kind: CountedKind, maxStored: number): known is Known {
  return known !== undefined && kind === 'varied' && known.counted[kind].size < maxStored / 2
}

/** The part of a key that all pictures of a version share, and the name of one. */
function parted(key: string): { readonly prefix: string; readonly name: string } {
  const end = key.lastIndexOf('/') + 1
  return { prefix: key.slice(0, end), name: key.slice(end) }
}
