/** The smallest and the largest of some values. */
export interface Spread {
  readonly min: number
  readonly max: number
}

/** The value that a share of all values does not exceed (nearest rank); `NaN` when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN
}

/** The value in the middle, the mean of the two in the middle of an even number; `NaN` when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const above = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const below = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (below + above) / 2
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), max: Math.max(...values) }
}

/** For people and JSON: so many decimals, no more. */
export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
