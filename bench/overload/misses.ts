/** Who asks for pictures that are not there, and for which. */
export const CROWDS = ['everyone', 'source', 'client', 'dialect'] as const

export type Crowd = (typeof CROWDS)[number]

/** Requests for pictures that nobody has asked for before. */
export interface Misses {
  readonly paths: string[]
  /** Their clients, in turns. */
  readonly clients: string[]
}

/** So many pictures of each source can be told apart by their width. */
const WIDTHS = { first: 600, count: 1_000 } as const
const FORMATS = ['webp', 'jpg'] as const
const CLIENTS = 4_096
/** An address that none of the many has. */
const FLOODER = '198.51.100.7'

/** Gives each crowd pictures that are new, as long as there are any: of its widths, formats and sources. */
export class MissSupply {
  readonly #sources: readonly string[]
  readonly #shared: readonly string[]
  #spread = 0
  #floods = 0

  /** One source in ten is kept for those who ask for nothing else. */
  constructor(sources: readonly string[]) {
    const kept = Math.ceil(sources.length / 10)
    this.#sources = sources.slice(0, kept)
    this.#shared = sources.slice(kept)
  }

  take(crowd: Crowd, count: number): Misses {
    const pictures = crowd === 'source' ? this.#ofOne(count) : this.#ofMany(count)
    return {
      paths: pictures.map(crowd === 'dialect' ? cloudflarePath : nativePath),
      clients: crowd === 'client' ? [FLOODER] : manyClients(),
    }
  }

  /** All sources in one width, then in the next: no look-up is remembered from the last time. */
  #ofMany(count: number): Picture[] {
    const from = this.#spread
    this.#spread += count
    return Array.from({ length: count }, (_, index) => {
      const at = from + index
      const { length } = this.#shared
      return pictureOf(this.#shared[at % length] ?? '', Math.floor(at / length))
    })
  }

  #ofOne(count: number): Picture[] {
    const source = this.#sources[this.#floods]
    this.#floods += 1
    if (source === undefined) throw new RangeError('There are no more sources')
    return Array.from({ length: count }, (_, index) => pictureOf(source, index))
  }
}

interface Picture {
  readonly source: string
  readonly width: number
  readonly format: string
}

function pictureOf(source: string, index: number): Picture {
  const format = FORMATS[Math.floor(index / WIDTHS.count)]
  if (format === undefined) throw new RangeError(`${source} has no more new pictures`)
  return { source, width: WIDTHS.first + (index % WIDTHS.count), format }
}

function nativePath({ source, width, format }: Picture): string {
  return `/img/${source}/${width}.${format}`
}

function cloudflarePath({ source, width, format }: Picture): string {
  return `/cdn-cgi/image/width=${width},format=${format === 'jpg' ? 'jpeg' : format}/${source}`
}

function manyClients(): string[] {
  return Array.from({ length: CLIENTS }, (_, index) => `203.${index >> 8}.${index & 255}.1`)
}
