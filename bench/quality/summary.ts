import { median, rounded } from '../statistics.ts'
import type { Measurement } from './measure.ts'

/** A point of a plot: one setting over all pictures. */
export interface Point {
  readonly series: string
  readonly format: string
  readonly setting: string
  /** Bits for a pixel: the geometric mean, so that no picture counts for more because it is busier. */
  readonly bitsPerPixel: number
  readonly score: number
  readonly worstScore: number
  /** Processor time as a multiple of what the served setting of the same format takes. */
  readonly cpuRatio: number
  /** Milliseconds of processor time for a million pixels. */
  readonly cpuMs: number
}

/** The points of all settings, in the order in which they were measured. */
export function summarise(measurements: readonly Measurement[]): Point[] {
  const groups = groupBy(measurements, ({ series, setting }) => `${series}\n${setting}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { series, format, setting } = first
    const scores = group.map(({ score }) => score)
    return {
      series,
      format,
      setting,
      bitsPerPixel: geometricMean(group.map(({ bytes, pixels }) => (bytes * 8) / pixels)),
      score: mean(scores),
      worstScore: Math.min(...scores),
      cpuRatio: median(group.map((measurement) => measurement.cpuMs / servedMs(measurement, measurements))),
      cpuMs: median(group.map(({ cpuMs, pixels }) => (cpuMs * 1e6) / pixels)),
    }
  })
}

/** The bits for a pixel at which a curve reaches a score, between its points on a logarithmic scale; nothing outside. */
export function bitsAtScore(curve: readonly Point[], score: number): number | undefined {
  const points = curve.toSorted((one, other) => one.score - other.score)
  const above = points.findIndex((point) => point.score >= score)
  const [below, next] = [points[above - 1], points[above]]
  if (next?.score === score) return next.bitsPerPixel
  if (below === undefined || next === undefined) return undefined
  const share = (score - below.score) / (next.score - below.score)
  return below.bitsPerPixel * (next.bitsPerPixel / below.bitsPerPixel) ** share
}

/** Two tables in Markdown: every point, and what every curve needs for certain scores. */
export function tablesOf(points: readonly Point[], scores: readonly number[]): string {
  const rows = points.map((point) => [
    point.series,
    point.setting,
    point.bitsPerPixel.toFixed(3),
    point.score.toFixed(1),
    point.worstScore.toFixed(1),
    rounded(point.cpuRatio, 2),
    point.cpuMs.toFixed(0),
  ])
  const curves = groupBy(points, ({ series }) => series)
  const needs = [...curves].map(([series, curve]) => [
    series,
    ...scores.map((score) => bitsAtScore(curve, score)?.toFixed(3) ?? ''),
  ])
  const heads = [
    'series',
    'setting',
    'bits a pixel',
    'score',
    'worst score',
    'CPU, × served',
    'ms a megapixel',
  ]
  return `${table(heads, rows)}\n${table(['bits a pixel for a score of', ...scores], needs)}`
}

/** The items by a name of theirs, names and items in the order in which they came. */
export function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(nameOf(item))
    if (group === undefined) groups.set(nameOf(item), [item])
    else group.push(item)
  }
  return groups
}

type Cells = readonly (string | number)[]

function table(heads: Cells, rows: readonly Cells[]): string {
  return [heads, heads.map(() => '---'), ...rows].map(line).join('')
}

function line(cells: Cells): string {
  return `| ${cells.join(' | ')} |\n`
}

function servedMs({ picture, format, pixels }: Measurement, all: readonly Measurement[]): number {
  const served = all.find(
    (other) =>
      other.picture === picture &&
      other.pixels === pixels &&
      other.format === format &&
      other.setting === 'as served',
  )
  return served?.cpuMs ?? Number.NaN
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)))
}
