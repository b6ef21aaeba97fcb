import { quantile } from '../statistics.ts'
import type { Sample } from './sample.ts'

/** What counts as being back to normal. */
export interface Normal {
  /** When what disturbed it ended. */
  readonly endedAt: number
  /** Answers are looked at in slices of this length. */
  readonly sliceMs: number
  /** The share of a slice that has to be as fast as that, from 0 to 1. */
  readonly share: number
  /** The longest that an answer takes normally. */
  readonly limitMs: number
}

/**
 * How long after the end it took until every slice was normal, and stayed so: pictures only, and fast enough. `Infinity`
 * when the last slice was not; `NaN` when nothing was asked.
 */
export function recoveryMs(samples: readonly Sample[], { endedAt, sliceMs, share, limitMs }: Normal): number {
  const slices = new Map<number, Sample[]>()
  for (const sample of samples) {
    if (sample.dueAt < endedAt) continue
    const index = Math.floor((sample.dueAt - endedAt) / sliceMs)
    slices.set(index, [...(slices.get(index) ?? []), sample])
  }
  if (slices.size === 0) return Number.NaN
  const isNormal = (slice: readonly Sample[]) =>
    slice.every(({ outcome }) => outcome === 'picture') &&
    quantile(
      slice.map(({ ms }) => ms),
      share,
    ) <= limitMs
  const last = Math.max(...slices.keys())
  const disturbed = [...slices].filter(([, slice]) => !isNormal(slice)).map(([index]) => index)
  const lastDisturbed = Math.max(-1, ...disturbed)
  return lastDisturbed === last ? Number.POSITIVE_INFINITY : (lastDisturbed + 1) * sliceMs
}
