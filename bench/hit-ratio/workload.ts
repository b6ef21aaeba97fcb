import { createPick, createRandom } from './random.ts'

/** What viewers do: so many pictures in these widths, asked for so often, some of them replaced in between. */
export interface Workload {
  readonly pictures: number
  readonly widths: readonly number[]
  /** The share of views that each width has. */
  readonly mix: readonly number[]
  /** The exponent of Zipf's law: the n-th picture is asked for n^-s times as often as the first. */
  readonly zipf: number
  readonly views: number
  /** Views between two replacements. */
  readonly replaceEvery: number
  readonly locations: number
}

/** How often each width is seen, smallest first. Of a list every picture is seen small, of a page one is seen large. */
export const MIXES = {
  shop: [0.6, 0.25, 0.1, 0.05],
  gallery: [0.5, 0.3, 0.15, 0.05],
  even: [0.25, 0.25, 0.25, 0.25],
} as const satisfies Readonly<Record<string, readonly number[]>>

/** The workload of the issue: ten thousand pictures in four widths, a million views, 0.1 % replaced between. */
export const WORKLOAD: Workload = {
  pictures: 10_000,
  widths: [32, 64, 160, 320],
  mix: MIXES.shop,
  zipf: 0.9,
  views: 1_000_000,
  replaceEvery: 1_000,
  locations: 2,
}

/** What happens next; a replacement hits popular pictures as views do. */
export type Move =
  | {
      readonly kind: 'view'
      readonly picture: number
      /** The place of the width among the widths. */
      readonly size: number
      readonly location: number
    }
  | { readonly kind: 'replace'; readonly picture: number }

/** The same moves every time. */
export function* movesOf(workload: Workload): Generator<Move> {
  const { pictures, mix, zipf, views, replaceEvery, locations } = workload
  const random = createRandom(1)
  const pickPicture = createPick(
    Array.from({ length: pictures }, (_, rank) => (rank + 1) ** -zipf),
    random,
  )
  const pickSize = createPick(mix, random)
  for (let view = 1; view <= views; view += 1) {
    const location = Math.floor(random() * locations)
    yield { kind: 'view', picture: pickPicture(), size: pickSize(), location }
    if (view % replaceEvery === 0) yield { kind: 'replace', picture: pickPicture() }
  }
}

/**
 * The best that a cache of `capacityBytes` could do that knew everything in advance and was full from the start: what is
 * asked for most often for its bytes lies there for good. No cache in the world does better on such views.
 */
export function bestHitRatio(workload: Workload, bytesOf: readonly number[], capacityBytes: number): number {
  const { pictures, mix, zipf } = workload
  const weights = Array.from({ length: pictures }, (_, rank) => (rank + 1) ** -zipf)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const all = weights.flatMap((weight) =>
    mix.map((share, size) => ({ share: (weight / total) * share, bytes: bytesOf[size] ?? 0 })),
  )
  let left = capacityBytes
  let hits = 0
  for (const { share, bytes } of all.toSorted((a, b) => b.share / b.bytes - a.share / a.bytes)) {
    const part = Math.min(1, left / bytes)
    hits += share * part
    left -= bytes * part
    if (left <= 0) break
  }
  return hits
}
