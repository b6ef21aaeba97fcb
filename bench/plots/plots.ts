import type { Result } from '../run-scenario.ts'
import { SCENARIOS } from '../scenarios.ts'
import { barsChart, rangeChart } from './chart.ts'

const COLD = /^cold(?:-(jpg|png|webp|avif))?(?:-(jpg|png|webp|avif))?$/
const FORMATS: Readonly<Record<string, string>> = { jpg: 'JPEG', png: 'PNG', webp: 'WebP', avif: 'AVIF' }

/** All drawings, by the name of their file. */
const PLOTS: Readonly<Record<string, (results: readonly Result[]) => string | undefined>> = {
  'ratios.svg': drawRatios,
  'cold.svg': drawCold,
  'latency.svg': drawLatency,
}

/** The results of several runs as drawings by the name of their file, without those that nothing was measured for; of a scenario the last result counts. */
export function plotsOf(results: readonly Result[]): ReadonlyMap<string, string> {
  const sorted = inOrder(results)
  const plots = new Map<string, string>()
  for (const [file, draw] of Object.entries(PLOTS)) {
    const svg = draw(sorted)
    if (svg !== undefined) plots.set(file, svg)
  }
  return plots
}

/** The results as rows of the table in bench/README.md. */
export function tableOf(results: readonly Result[]): string {
  const rows = inOrder(results).map(({ name, ratio, spread, rps, baseline_rps, p50_ms, p99_ms }) => {
    const speed = baseline_rps === null ? grouped(rps) : `${grouped(rps)} of ${grouped(baseline_rps)}`
    return `| \`${name}\` | ${ratio} (${spread.min} to ${spread.max}) | ${speed} | ${p50_ms} | ${p99_ms} |\n`
  })
  const head = '| scenario | ratio, median (min to max) | req/s, gateway of baseline | p50 ms | p99 ms |\n'
  return `${head}|---|---|---|---|---|\n${rows.join('')}`
}

/** As the scenarios are listed. */
function inOrder(results: readonly Result[]): Result[] {
  return SCENARIOS.flatMap(({ name }) => results.findLast((result) => result.name === name) ?? [])
}

function drawRatios(results: readonly Result[]): string | undefined {
  const compared = results.filter(({ baseline_rps }) => baseline_rps !== null)
  return rangeChart({
    title: 'As fast as the baseline: 1',
    axis: { name: 'ratio of right answers a second', type: 'value' },
    dots: ['median of the turns, from min to max'],
    mark: 1,
    rows: compared.map(({ name, ratio, spread: { min, max } }) => {
      return { name, from: min, to: max, dots: [ratio], label: `${ratio} (${min} to ${max})` }
    }),
  })
}

function drawCold(results: readonly Result[]): string | undefined {
  return barsChart({
    title: 'Cold pictures by formats, 800 wide',
    axis: 'pictures a second',
    bars: ['gateway', 'bare sharp loop'],
    rows: results.flatMap(({ name, rps, baseline_rps }) => {
      const [cold, first, second] = COLD.exec(name) ?? []
      if (cold === undefined) return []
      const [from, to] = second === undefined ? ['jpg', first ?? 'webp'] : [first ?? '', second]
      return { name: `${FORMATS[from]} to ${FORMATS[to]}`, values: [rps, baseline_rps ?? 0] }
    }),
  })
}

function drawLatency(results: readonly Result[]): string | undefined {
  return rangeChart({
    title: 'How long an answer takes',
    axis: { name: 'milliseconds', type: 'log' },
    dots: ['p50', 'p99'],
    rows: results.map(({ name, p50_ms, p99_ms }) => {
      return { name, from: p50_ms, to: p99_ms, dots: [p50_ms, p99_ms], label: `${p50_ms}, ${p99_ms}` }
    }),
  })
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
