import { type Frequent, FrequentKeys } from './frequent-keys.ts'
import type { LogEntry } from './log-parser.ts'

/**
 * What became of a request at the edge: `hit` at the location or its regional cache, `shield` in Origin Shield,
 * `refresh` kept but confirmed by the origin first; `refused` for the edge's own limits, `redirect` to HTTPS.
 */
export const RESULTS = ['hit', 'shield', 'refresh', 'miss', 'error', 'refused', 'redirect', 'other'] as const
export type Result = (typeof RESULTS)[number]

/** How many requests, and what viewers were sent for them. */
export interface Traffic {
  readonly requests: number
  readonly bytes: number
}

/** What the logs of an edge say. Ratios are `undefined` where nothing was asked that could have been kept. */
export interface EdgeTraffic extends Traffic {
  /** When the first and the last request ended, as the logs spell it. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly results: Readonly<Record<Result, Traffic>>
  /** Hits of locations and Origin Shield among GETs and HEADs that were neither errors nor redirects to HTTPS. */
  readonly hitRatio: number | undefined
  /** The same without Origin Shield. */
  readonly locationHitRatio: number | undefined
  /** What viewers were sent without the origin having to send it. */
  readonly bytesSaved: number
  readonly statuses: Readonly<Record<string, number>>
  /** The busiest first; `other` stands for those beyond the bound. */
  readonly locations: readonly LocationTraffic[]
  /** Paths that the origin had to answer most often. */
  readonly topMisses: readonly Frequent[]
  /** Source paths that were asked for most, in whatever size. */
  readonly topPictures: readonly Frequent[]
  /** By how much a count of the tops may be too low. */
  readonly countsTooLowBy: number
}

export interface LocationTraffic extends Traffic {
  readonly location: string
  readonly hitRatio: number | undefined
}

type Counts = Record<Result, { requests: number; bytes: number }>

const KINDS: ReadonlyMap<string, Result> = new Map(
  Object.entries({
    hit: 'hit',
    refreshhit: 'refresh',
    miss: 'miss',
    error: 'error',
    limitexceeded: 'refused',
    capacityexceeded: 'refused',
    redirect: 'redirect',
  } as const),
)

const MAX_LOCATIONS = 2_000

/** Counts what edges did, in memory that does not grow with the number of requests. */
export class EdgeTally {
  readonly #all = noCounts()
  /** Of GET and HEAD alone. */
  readonly #reads = noCounts()
  readonly #locations = new Map<string, { all: Counts; reads: Counts }>()
  readonly #statuses = new Map<number, number>()
  readonly #misses = new FrequentKeys()
  readonly #pictures = new FrequentKeys()
  #from: string | undefined
  #to: string | undefined

  add(entry: LogEntry): void {
    const result = resultOf(entry)
    const isRead = entry.method === 'GET' || entry.method === 'HEAD'
    const location = this.#locationOf(entry.location)
    count(this.#all, result, entry.bytes)
    count(location.all, result, entry.bytes)
    this.#statuses.set(entry.status, (this.#statuses.get(entry.status) ?? 0) + 1)
    if (entry.at !== '') this.#note(entry.at)
    if (!isRead) return
    count(this.#reads, result, entry.bytes)
    count(location.reads, result, entry.bytes)
    if (result === 'miss') this.#misses.add(entry.path)
    const picture = pictureOf(entry.path)
    if (picture !== undefined && entry.status < 400) this.#pictures.add(picture)
  }

  /** What was counted so far, with so many of each top. */
  report(top: number): EdgeTraffic {
    const locations = [...this.#locations].map(([location, { all, reads }]) => ({
      location,
      ...sumOf(all, RESULTS),
      hitRatio: ratioOf(reads, ['hit', 'shield']),
    }))
    return {
      from: this.#from,
      to: this.#to,
      ...sumOf(this.#all, RESULTS),
      results: structuredClone(this.#all),
      hitRatio: ratioOf(this.#reads, ['hit', 'shield']),
      locationHitRatio: ratioOf(this.#reads, ['hit']),
      bytesSaved: sumOf(this.#reads, ['hit', 'shield', 'refresh']).bytes,
      statuses: Object.fromEntries(this.#statuses),
      locations: locations.toSorted((a, b) => b.requests - a.requests),
      topMisses: this.#misses.top(top),
      topPictures: this.#pictures.top(top),
      countsTooLowBy: Math.max(this.#misses.error, this.#pictures.error),
    }
  }

  #locationOf(location: string) {
    const isNew = !this.#locations.has(location)
    const name = isNew && this.#locations.size >= MAX_LOCATIONS ? 'other' : location
    const known = this.#locations.get(name) ?? { all: noCounts(), reads: noCounts() }
    this.#locations.set(name, known)
    return known
  }

  #note(at: string): void {
    if (this.#from === undefined || at < this.#from) this.#from = at
    if (this.#to === undefined || at > this.#to) this.#to = at
  }
}

const none = () => ({ requests: 0, bytes: 0 })

function noCounts(): Counts {
  return {
    hit: none(),
    shield: none(),
    refresh: none(),
    miss: none(),
    error: none(),
    refused: none(),
    redirect: none(),
    other: none(),
  }
}

function count(counts: Counts, result: Result, bytes: number): void {
  counts[result].requests += 1
  counts[result].bytes += bytes
}

function sumOf(counts: Counts, results: readonly Result[]): Traffic {
  return results.reduce(
    (sum, name) => ({
      requests: sum.requests + counts[name].requests,
      bytes: sum.bytes + counts[name].bytes,
    }),
    { requests: 0, bytes: 0 },
  )
}

function ratioOf(counts: Counts, hits: readonly Result[]): number | undefined {
  const { requests } = sumOf(counts, ['hit', 'shield', 'refresh', 'miss'])
  return requests === 0 ? undefined : sumOf(counts, hits).requests / requests
}

function resultOf({ result, detail }: LogEntry): Result {
  if (detail.toLowerCase() === 'originshieldhit') return 'shield'
  return KINDS.get(result.toLowerCase()) ?? 'other'
}

const PICTURE = /^\/(?:img|simg\/[^/]+)\/(.+?)(?:\/@[\w-]{15})?\/[^/]+$/

/** The source path in a target, as it stands there. */
function pictureOf(path: string): string | undefined {
  return PICTURE.exec(path)?.[1]
}
