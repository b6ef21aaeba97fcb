import { LRUCache } from 'lru-cache'

export interface FairLruOptions<Value> {
  /** What all entries together may come to, by `sizeOf`. */
  readonly maxSize: number
  /** What those of one group may come to; one entry of each is kept however large it is. */
  readonly maxGroupSize: number
  readonly sizeOf: (value: Value) => number
  readonly groupOf: (key: string) => string
}

interface Entry<Value> {
  readonly value: Value
  readonly size: number
  readonly group: Group
}

/** The keys of a group, those longest unused first. */
interface Group {
  readonly name: string
  readonly keys: Set<string>
  size: number
}

/** A bounded memory that forgets what is longest unused, and first what is of a group that has more than its share. */
export class FairLru<Value> {
  readonly #options: FairLruOptions<Value>
  readonly #groups = new Map<string, Group>()
  readonly #entries: LRUCache<string, Entry<Value>>

  constructor(options: FairLruOptions<Value>) {
    this.#options = options
    this.#entries = new LRUCache({
      maxSize: options.maxSize,
      sizeCalculation: ({ size }) => size,
      dispose: (entry, key) => this.#leave(entry, key),
    })
  }

  get size(): number {
    return this.#entries.size
  }

  /** What the entries come to together. */
  get totalSize(): number {
    return this.#entries.calculatedSize
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    // The end of a set is what was added last.
    entry.group.keys.delete(key)
    entry.group.keys.add(key)
    return entry.value
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  set(key: string, value: Value): void {
    const { sizeOf, maxSize, maxGroupSize } = this.#options
    this.#entries.delete(key)
    const size = sizeOf(value)
    if (size > maxSize) return
    const group = this.#groupOf(key)
    group.keys.add(key)
    group.size += size
    this.#entries.set(key, { value, size, group })
    for (const oldest of group.keys) {
      if (group.size <= maxGroupSize || oldest === key) return
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  #groupOf(key: string): Group {
    const name = this.#options.groupOf(key)
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group: Group = { name, keys: new Set(), size: 0 }
    this.#groups.set(name, group)
    return group
  }

  #leave({ size, group }: Entry<Value>, key: string): void {
    group.keys.delete(key)
    group.size -= size
    if (group.keys.size === 0) this.#groups.delete(group.name)
  }
}
