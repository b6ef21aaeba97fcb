import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { plotsOf, tableOf } from '../../bench/plots/plots.ts'
import type { Result } from '../../bench/run-scenario.ts'

const run = promisify(execFile)

const HOT: Result = {
  name: 'hot',
  requests: 100_000,
  errors: 0,
  rps: 20_000,
  p50_ms: 2,
  p99_ms: 4,
  rss_mb: 150,
  ratio: 0.5,
  spread: { min: 0.4, max: 0.6 },
  baseline_rps: 40_000,
}
const COLD = { ...HOT, name: 'cold', rps: 21.5, baseline_rps: 25.25, ratio: 0.851 }
const PAIR = { ...COLD, name: 'cold-png-avif', rps: 11.25 }
const HERD = { ...HOT, name: 'herd', rps: 1060, ratio: 1, spread: { min: 1, max: 1 }, baseline_rps: null }
const ALL = [HERD, PAIR, COLD, HOT]

const textsOf = (svg = '') => [...svg.matchAll(/<text[^>]*>([^<]+)</g)].map(([, text]) => text)

describe('plots of the bench as SVG', () => {
  const plots = plotsOf(ALL)

  test('every scenario that has a baseline stands beside it, in the order of the table', () => {
    const texts = textsOf(plots.get('ratios.svg'))
    expect(texts.filter((text) => ALL.some(({ name }) => name === text))).toEqual([
      'hot',
      'cold',
      'cold-png-avif',
    ])
    expect(texts).toEqual(expect.arrayContaining(['0.5 (0.4 to 0.6)', '0.851 (0.4 to 0.6)']))
  })

  test('cold pictures are named by their pair of formats, with the speed of both sides', () => {
    const texts = textsOf(plots.get('cold.svg'))
    expect(texts).toEqual(expect.arrayContaining(['JPEG to WebP', 'PNG to AVIF', '21.5', '25.25', '11.25']))
    expect(texts).not.toContain('hot')
  })

  test('times have a row for each scenario', () => {
    const texts = textsOf(plots.get('latency.svg'))
    expect(texts).toEqual(expect.arrayContaining(['hot', 'cold', 'cold-png-avif', 'herd', '2, 4']))
  })

  test('what has been measured is where its value is: twice the ratio, twice as far from 0', () => {
    const dotOf = (ratio: number) => {
      const svg = plotsOf([{ ...HOT, ratio, spread: { min: 0.1, max: 1 } }]).get('ratios.svg') ?? ''
      // A circle of five pixels; that of the legend is larger.
      const [, x] = /matrix\(5,0,0,5,([\d.]+),[\d.]+\)" fill="#1c5d99"/.exec(svg) ?? []
      return Number(x)
    }
    const [quarter = 0, half = 0, whole = 0] = [0.25, 0.5, 1].map(dotOf)
    expect(half).toBeGreaterThan(quarter)
    expect(whole - half).toBeCloseTo(2 * (half - quarter), 0)
  })

  test('they are pictures, small, and the same every time', async () => {
    for (const [file, svg] of plots) {
      expect(plotsOf(ALL).get(file), file).toBe(svg)
      expect(svg.length, file).toBeLessThan(20_000)
      const { dominant } = await sharp(Buffer.from(svg)).stats()
      expect(dominant, file).toMatchObject({ r: expect.toSatisfy((value) => value > 240) })
    }
  })

  test('what nothing was measured for is not drawn', () => {
    expect([...plotsOf([HERD]).keys()]).toEqual(['latency.svg'])
    expect([...plotsOf([HOT]).keys()]).toEqual(['ratios.svg', 'latency.svg'])
  })

  test('of several results of a scenario the last one counts', () => {
    expect(tableOf([HOT, HERD, { ...HOT, rps: 22_000 }])).toBe(
      [
        '| scenario | ratio, median (min to max) | req/s, gateway of baseline | p50 ms | p99 ms |',
        '|---|---|---|---|---|',
        '| `hot` | 0.5 (0.4 to 0.6) | 22,000 of 40,000 | 2 | 4 |',
        '| `herd` | 1 (1 to 1) | 1,060 | 2 | 4 |',
        '',
      ].join('\n'),
    )
  })
})

describe('npm run bench:plots', () => {
  const draw = (args: readonly string[]) =>
    run(process.execPath, ['--import', 'tsx', 'bench/plots/main.ts', ...args])

  test('draws the files of several runs and prints the table', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-plots-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const files = [join(folder, 'a.json'), join(folder, 'b.json')]
    await writeFile(files[0] ?? '', JSON.stringify([HOT]))
    await writeFile(files[1] ?? '', JSON.stringify([COLD, HERD]))
    const out = join(folder, 'plots')
    const { stdout } = await draw([...files, '--out', out])
    expect(stdout).toBe(tableOf([HOT, COLD, HERD]))
    expect((await readdir(out)).toSorted()).toEqual(['cold.svg', 'latency.svg', 'ratios.svg'])
    const expected = plotsOf([HOT, COLD, HERD]).get('ratios.svg')
    expect(await readFile(join(out, 'ratios.svg'), 'utf8')).toBe(expected)
  })

  test.each([
    [[], 'name the files'],
    [['package.json'], 'package.json: not what'],
    [['--colour', 'red'], "Unknown option '--colour'"],
  ])('%j is refused with what is accepted', async (args, message) => {
    await expect(draw(args)).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining(`bench:plots: ${message}`),
    })
  })
})
