import { compareUtf8 } from './compare-utf8.ts'

interface Keyed {
  readonly key: string
}

const BLOCK = 512

/**
 * Entries by key, and in UTF-8 byte order: sorted blocks of some hundred entries, so that a change moves little and a
 * search is two bisections. Nothing may change while a scan is under way.
 */
export class OrderedIndex<Entry extends Keyed> {
  readonly #byKey = new Map<string, Entry>()
  #blocks: Entry[][] = []

  /** Builds the index from entries of different keys, in any order. */
  constructor(entries: readonly Entry[] = []) {
    const sorted = entries.toSorted((one, other) => compareUtf8(one.key, other.key))
    for (let start = 0; start < sorted.length; start += BLOCK)
      this.#blocks.push(sorted.slice(start, start + BLOCK))
    for (const entry of sorted) this.#byKey.set(entry.key, entry)
  }

  get size(): number {
    return this.#byKey.size
  }

  find(key: string): Entry | undefined {
    return this.#byKey.get(key)
  }

  /** Adds an entry, or replaces the one of the same key. */
  set(entry: Entry): void {
    const replaced = this.#byKey.has(entry.key)
    this.#byKey.set(entry.key, entry)
    const at = Math.min(this.#blockOf(entry.key), Math.max(0, this.#blocks.length - 1))
    const block = (this.#blocks[at] ??= [])
    block.splice(placeIn(block, entry.key), replaced ? 1 : 0, entry)
    if (block.length > 2 * BLOCK) this.#blocks.splice(at, 1, block.slice(0, BLOCK), block.slice(BLOCK))
  }

  delete(key: string): void {
    if (!this.#byKey.delete(key)) return
    const at = this.#blockOf(key)
    const block = this.#blocks[at] ?? []
    block.splice(placeIn(block, key), 1)
    if (block.length === 0) this.#blocks.splice(at, 1)
  }

  /** Entries in order, from the first one on for whose key `isBefore` no longer holds. */
  *scan(isBefore: (key: string) => boolean): Generator<Entry, void> {
    let at = bisect(this.#blocks, (block) => isBefore(block.at(-1)?.key ?? ''))
    let from = bisect(this.#blocks[at] ?? [], ({ key }) => isBefore(key))
    for (; at < this.#blocks.length; at += 1, from = 0) {
      const block = this.#blocks[at] ?? []
      for (let index = from; index < block.length; index += 1) {
        const entry = block[index]
        if (entry) yield entry
      }
    }
  }

  #blockOf(key: string): number {
    return bisect(this.#blocks, (block) => compareUtf8(block.at(-1)?.key ?? '', key) < 0)
  }
}

function placeIn(block: readonly Keyed[], key: string): number {
  return bisect(block, (entry) => compareUtf8(entry.key, key) < 0)
}

/** The first place in a sorted list for which `isBefore` does not hold. */
function bisect<Item>(items: readonly Item[], isBefore: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && isBefore(item)) low = middle + 1
    else high = middle
  }
  return low
}
