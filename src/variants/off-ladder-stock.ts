import { LRUCache } from 'lru-cache'
import { SingleFlight } from '../sources/single-flight.ts'
import { GatewayError } from '../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { TransformSpec } from '../transform/spec.ts'
import { parseSpecName } from '../urls/spec-segment.ts'

export interface OffLadderStockOptions {
  readonly store: Pick<ObjectStore, 'list'>
  /** Pictures off the ladder that are stored of one version of a source. */
  readonly maxStored: number
  /** Whether strangers may only have it made within a budget. */
  readonly isOffLadder: (spec: TransformSpec) => boolean
  /** Deadline of one listing. */
  readonly timeoutMs: number
}

/** The pictures of one version, as its prefix was listed and what has been made here since. */
interface Known {
  readonly specs: ReadonlyMap<string, TransformSpec>
  /** Names off the ladder that were listed. */
  readonly listed: ReadonlySet<string>
  /** Names off the ladder that were admitted here: they may not have been listed yet. */
  readonly admitted: Set<string>
  /** Whether there is more than was read. */
  readonly isCut: boolean
}

/** How long a listing stands in for another one; pictures that other replicas have stored since are not seen. */
const KNOWN_MS = 30_000

/** Names that are read of one version: a page of a listing. */
const MAX_NAMES = 1_000

/** Names in memory of all versions together. */
const MAX_KNOWN_NAMES = 50_000

/**
 * Which pictures of a version are there, so that those off the ladder stay few. Each replica lists before it stores, and
 * counts what it is storing itself: together they may store a few more than `maxStored`, those that were on their way.
 */
export class OffLadderStock {
  readonly #options: OffLadderStockOptions
  readonly #known = new LRUCache<string, Known>({
    maxSize: MAX_KNOWN_NAMES,
    sizeCalculation: ({ specs }) => 1 + specs.size,
    ttl: KNOWN_MS,
    noUpdateTTL: true,
  })
  readonly #listing: SingleFlight<Known>

  constructor(options: OffLadderStockOptions) {
    this.#options = options
    this.#listing = new SingleFlight(
      options.timeoutMs,
      () => new GatewayError('timed_out', 'The bucket took too long to list pictures'),
    )
  }

  /** Whether one more may be stored: at most one bucket call, and none of a version that is known to have enough. */
  async admit(key: string, signal?: AbortSignal): Promise<boolean> {
    const { prefix, name } = parted(key)
    const before = this.#known.get(prefix)
    if (this.#options.maxStored === 0 || (before !== undefined && this.#isFull(before))) return false
    const { listed, admitted, isCut } = await this.#list(prefix, signal)
    if (this.#isFull({ listed, admitted, isCut })) return false
    admitted.add(name)
    return true
  }

  /** What is there beside a picture, of the same version: at most one bucket call. Some of it may have gone since. */
  async beside(key: string, signal?: AbortSignal): Promise<readonly TransformSpec[]> {
    const { prefix } = parted(key)
    const known = this.#known.get(prefix) ?? (await this.#list(prefix, signal))
    return [...known.specs.values()]
  }

  /** Takes down a picture that has been made. */
  note(key: string): void {
    const { prefix, name } = parted(key)
    const known = this.#known.get(prefix)
    const spec = parseSpecName(name)
    if (known === undefined || spec === undefined || known.specs.size >= MAX_NAMES) return
    this.#known.set(prefix, { ...known, specs: new Map([...known.specs, [name, spec]]) })
  }

  /** Drops what is known of the pictures whose keys begin with one of the prefixes. */
  forget(prefixes: readonly string[]): void {
    const matches = (key: string) => prefixes.some((prefix) => key.startsWith(prefix))
    for (const key of this.#known.keys()) if (matches(key)) this.#known.delete(key)
    this.#listing.forget(matches)
  }

  #isFull({ listed, admitted, isCut }: Omit<Known, 'specs'>): boolean {
    return isCut || new Set([...listed, ...admitted]).size >= this.#options.maxStored
  }

  async #list(prefix: string, signal?: AbortSignal): Promise<Known> {
    return this.#listing.join(
      prefix,
      async (control) => {
        const names: string[] = []
        let isCut = false
        for await (const { key } of this.#options.store.list(prefix, { signal: control.signal })) {
          isCut = names.length === MAX_NAMES
          if (isCut) break
          names.push(key.slice(prefix.length))
        }
        const known = this.#toKnown(names, isCut, this.#known.get(prefix)?.admitted)
        if (control.current) {
          // A new time to stand: setting anew would keep the old one.
          this.#known.delete(prefix)
          this.#known.set(prefix, known)
        }
        return known
      },
      signal,
    ).result
  }

  #toKnown(names: readonly string[], isCut: boolean, admitted = new Set<string>()): Known {
    const specs = new Map(
      names.flatMap((name) => {
        const spec = parseSpecName(name)
        return spec === undefined ? [] : [[name, spec] as const]
      }),
    )
    const { isOffLadder } = this.#options
    const listed = new Set([...specs].filter(([, spec]) => isOffLadder(spec)).map(([name]) => name))
    return { specs, listed, admitted, isCut }
  }
}

/** The part of a key that all pictures of a version share, and the name of one. */
function parted(key: string): { readonly prefix: string; readonly name: string } {
  const end = key.lastIndexOf('/') + 1
  return { prefix: key.slice(0, end), name: key.slice(end) }
}
