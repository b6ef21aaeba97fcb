import { createHash } from 'node:crypto'
import { createPick } from '../../../bench/hit-ratio/random.ts'
import { type Mark, markedPicture } from './mark.ts'
import { Truth } from './truth.ts'
import type { Windows } from './windows.ts'

/** A path that shows one version of a photo, as an answer has named it. */
export interface VersionedPath {
  readonly path: string
  readonly photoId: string
  readonly version: number
}

/** An item of the shop, and what is known of it. */
export interface StockItem {
  readonly itemId: string
  readonly truth: Truth
  /** Somebody is changing it: changes of one item come one after the other. */
  isBusy: boolean
  /** A change of it may or may not have been made: it is looked into, from this time on. */
  unsureSinceMs: number | undefined
  /** Slots and versions that were given out: none is used twice. */
  slots: number
  versions: number
  /** What its photos were shown at, the latest last. */
  versioned: VersionedPath[]
}

const ZIPF = 0.9
/** So many items that are gone are still asked for. */
const REMEMBERED = 8
const VERSIONED = 12

/** All items by rank: the first is asked for most. One that goes is followed by another with a new name. */
export class Stock {
  readonly items: StockItem[] = []
  readonly gone: StockItem[] = []
  readonly #files = new Map<string, Mark>()
  readonly #unheard: Windows
  readonly #pick: () => number
  #numbers = 0

  constructor(size: number, random: () => number, unheard: Windows) {
    this.#unheard = unheard
    const weights = Array.from({ length: size }, (_, rank) => (rank + 1) ** -ZIPF)
    this.#pick = createPick(weights, random)
    for (let rank = 0; rank < size; rank += 1) this.items.push(this.#create())
  }

  /** One by Zipf’s law. */
  pick(): StockItem {
    const item = this.items[this.#pick()]
    if (item === undefined) throw new Error('The stock is empty')
    return item
  }

  /** One that nobody changes and of which all is known; `undefined` when none is found soon. */
  pickFree(): StockItem | undefined {
    for (let tries = 0; tries < 10; tries += 1) {
      const item = this.pick()
      if (!item.isBusy && item.unsureSinceMs === undefined) return item
    }
    return undefined
  }

  /** Puts another in the place of one that is gone. */
  replace(item: StockItem): void {
    this.items[this.items.indexOf(item)] = this.#create()
    this.gone.push(item)
    if (this.gone.length > REMEMBERED) this.gone.shift()
  }

  /** A file that shows its item, its slot and a version that is new. */
  async newFile(item: StockItem, slot: number) {
    item.versions += 1
    const mark = { item: item.truth.item, slot, version: item.versions }
    const file = await markedPicture(mark)
    this.#files.set(digestOf(file), mark)
    return { mark, file }
  }

  /** What a file shows that was made here, by its bytes. */
  markOf(file: Uint8Array): Mark | undefined {
    return this.#files.get(digestOf(file))
  }

  #create(): StockItem {
    this.#numbers += 1
    return {
      itemId: `soak-${this.#numbers}`,
      truth: new Truth(this.#numbers, this.#unheard),
      isBusy: false,
      unsureSinceMs: undefined,
      slots: 0,
      versions: 0,
      versioned: [],
    }
  }
}

/** Remembers where a version was shown. */
export function remember(item: StockItem, shown: VersionedPath): void {
  if (item.versioned.some(({ path }) => path === shown.path)) return
  item.versioned.push(shown)
  if (item.versioned.length > VERSIONED) item.versioned.shift()
}

const digestOf = (file: Uint8Array): string => createHash('sha256').update(file).digest('hex')
