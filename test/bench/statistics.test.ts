import { expect, test } from 'vitest'
import { parseMetrics } from '../../bench/gateway/gateway-metrics.ts'
import { parseOptions } from '../../bench/options.ts'
import { sumUp } from '../../bench/run-scenario.ts'
import { median, quantile, rounded, spread } from '../../bench/statistics.ts'
import { takeTurn, together } from '../../bench/turn.ts'

test.each([
  [[], Number.NaN],
  [[3], 3],
  [[3, 1], 2],
  [[10, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('the quantile %d of 1 to 100 is %d', (share, expected) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantile(values, share)).toBe(expected)
})

test('the spread is the smallest and the largest', () => {
  expect(spread([2, 0.5, 1])).toEqual({ min: 0.5, max: 2 })
  expect(rounded(0.123_456, 3)).toBe(0.123)
})

const turn = { requests: 10, errors: 0, rps: 100, p50Ms: 1, p99Ms: 2 }

test('turns are summed up: totals, medians, ratios pair by pair', () => {
  const pairs = [
    { gateway: { ...turn, errors: 1, rps: 50 }, baselineRps: 100, ratio: 0.5 },
    { gateway: { ...turn, rps: 80, p99Ms: 9 }, baselineRps: 100, ratio: 0.8 },
    { gateway: { ...turn, rps: 60 }, baselineRps: 50, ratio: 1.2 },
  ]
  expect(sumUp('hot', pairs, 12.34)).toEqual({
    name: 'hot',
    requests: 30,
    errors: 1,
    rps: 60,
    p50_ms: 1,
    p99_ms: 2,
    rss_mb: 12.3,
    ratio: 0.8,
    spread: { min: 0.5, max: 1.2 },
    baseline_rps: 100,
  })
})

test('processes that did a turn together count as one', () => {
  expect(together([turn, { ...turn, errors: 2, p99Ms: 5 }])).toEqual({
    requests: 20,
    errors: 2,
    rps: 200,
    p50Ms: 1,
    p99Ms: 5,
  })
})

test('a turn keeps to its concurrency, makes every call once, and counts what went wrong', async () => {
  let underWay = 0
  let most = 0
  const made: number[] = []
  const { requests, errors } = await takeTurn({ concurrency: 3, seconds: 60, calls: 20 }, async (index) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise(setImmediate)
    underWay -= 1
    made.push(index)
    return index % 4 !== 0
  })
  expect({ requests, errors, most }).toEqual({ requests: 20, errors: 5, most: 3 })
  expect(made.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

test('metrics are read from what Prometheus gets', () => {
  const text = [
    '# HELP process_resident_memory_bytes Resident memory size in bytes.',
    'process_resident_memory_bytes 100000000',
    'halftone_worker_memory_bytes 50000000',
    'halftone_render_seconds_count{type="image/webp"} 3',
    'halftone_render_seconds_count{type="image/avif"} 4',
    'halftone_requests_total{route="img",status="200",class="A",layer="memory"} 5',
    'halftone_requests_total{route="img",status="304",class="A",layer="memory"} 6',
    'halftone_requests_total{route="img",status="404",class="E",layer="none"} 1',
    'halftone_queue_length 2',
    'halftone_rendering 3',
    'halftone_bucket_calls_total{verb="get"} 4',
    'halftone_bucket_calls_total{verb="put"} 5',
    'process_cpu_seconds_total 0.25',
  ].join('\n')
  expect(parseMetrics(text)).toEqual({
    rssMb: 150,
    renders: 7,
    layers: { memory: 11, none: 1 },
    waiting: 2,
    rendering: 3,
    bucketCalls: 9,
    cpuSeconds: 0.25,
  })
})

test('the command line: defaults, names, and what is not accepted', () => {
  const { json, turns, seconds, scenarios } = parseOptions([])
  expect({ json, turns, seconds }).toEqual({ json: undefined, turns: 5, seconds: 5 })
  const names = scenarios.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['hot', 'not-modified', 'warm', 'cold', 'herd']))
  expect(names).not.toContain('cold-avif')
  const some = parseOptions(['--json', 'a.json', '--turns', '2', '--seconds', '0.5', 'herd', 'cold-avif'])
  expect(some).toMatchObject({ json: 'a.json', turns: 2, seconds: 0.5, compare: undefined })
  expect(parseOptions(['--compare', 'v1', 'hot'])).toMatchObject({ compare: 'v1' })
  expect(some.scenarios.map(({ name }) => name)).toEqual(['herd', 'cold-avif'])
  for (const args of [['tepid'], ['--turns', '0'], ['--seconds', 'x'], ['--jsn', 'a']]) {
    expect(() => parseOptions(args)).toThrow(expect.objectContaining({ name: 'UsageError' }))
  }
})
