import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseConfig as parseOriginConfig } from '../origin/origin-config.ts'
import { CACHE_CONTROL } from '../src/cdn/cache-policy.ts'
import { ConfigError, parseConfig, variableNames } from '../src/config.ts'
import { parsePresets } from '../src/transform/presets.ts'
import { addEventGauges, addGauges, addPurgeGauges, createMetrics } from '../src/telemetry/metrics.ts'

const read = (file: string) => readFileSync(file, 'utf8')
const packageFile = z.object({ scripts: z.record(z.string(), z.string()) })
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
]

/** The rows of the tables of a page, or of one section of it; their heads left out. */
function rowsOf(file: string, heading?: string): string[][] {
  const sections = read(file).split(/^## /m)
  const chosen = heading === undefined ? sections : sections.filter((text) => text.startsWith(`${heading}\n`))
  const lines = chosen.flatMap((section) => section.split('\n'))
  return lines
    .filter((line, index) => /^\|[^-]/.test(line) && !lines[index + 1]?.startsWith('|-'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}

/** What stands in a cell of code: `8080` without its marks. */
const plain = (cell = '') => cell.replaceAll('`', '')

const firstCells = (rows: readonly string[][]) => rows.map(([first]) => plain(first)).toSorted()

/** The units that names of settings end in, as the page calls them, and how large they are in the configuration. */
const UNITS: Readonly<Record<string, { readonly word: string; readonly size: number }>> = {
  MS: { word: 'ms', size: 1 },
  S: { word: 's', size: 1 },
  MB: { word: 'MB', size: 1024 * 1024 },
  MINUTES: { word: 'minutes', size: 1 },
  HOURS: { word: 'hours', size: 1 },
  MEGAPIXELS: { word: 'megapixels', size: 1_000_000 },
  SIDE: { word: 'pixels', size: 1 },
}

describe('docs/configuration.md', () => {
  const own = rowsOf('docs/configuration.md').filter((cells) => cells.length === 5)

  test('has every variable once, and no other', () => {
    expect(firstCells(own)).toEqual([...variableNames].toSorted())
  })

  test.each(own.filter(([, fallback]) => fallback !== 'none'))('%s: its default is %s', (name, fallback) => {
    const variable = plain(name)
    expect(settingOf({ [variable]: plain(fallback) }, variable)).toEqual(settingOf({}, variable))
  })

  test.each(own.filter(([, fallback]) => fallback === 'none'))('%s: its default is %s', (name) => {
    expect([undefined, [], new Map(), parsePresets('')]).toContainEqual(settingOf({}, plain(name)))
  })

  const ranges = own.flatMap(([name, , , accepted = '']) => {
    const [, min, max] = /^(\d+) to (\d+)$/.exec(accepted) ?? []
    return min === undefined || max === undefined ? [] : [[plain(name), Number(min), Number(max)] as const]
  })

  test.each(ranges)('%s is accepted from %i to %i and no further', (name, min, max) => {
    for (const value of [min, max]) expect(isAccepted({ [name]: `${value}` })).toBe(true)
    for (const value of [min - 1, max + 1]) expect(isAccepted({ [name]: `${value}` })).toBe(false)
  })

  const numbers = own.filter(([name]) => typeof settingOf({}, plain(name)) === 'number')

  test('each number has its range', () => {
    const without = numbers.filter(([, , , accepted = '']) => !/^\d+ to \d+$/.test(accepted))
    expect(without.map(([name]) => plain(name))).toEqual([])
    expect(numbers.length).toBeGreaterThan(40)
  })

  test.each(numbers)('%s: default %s, in %s, as its name and its value say', (name, fallback, unit = '') => {
    const [, ending = ''] = /_(MS|S|MB|MINUTES|HOURS|MEGAPIXELS|SIDE)$/.exec(plain(name)) ?? []
    const { word, size } = UNITS[ending] ?? { word: unit, size: 1 }
    expect(unit).toBe(word)
    expect(settingOf({}, plain(name))).toBe(Number(plain(fallback)) * size)
  })

  const choices = own.flatMap(([name, , , accepted = '']) =>
    /^`[^`]+`(?: `[^`]+`)+$/.test(accepted)
      ? [[plain(name), [...accepted.matchAll(/`([^`]+)`/g)].map(([, choice = '']) => choice)] as const]
      : [],
  )

  test.each(choices)('%s is one of %j and nothing else', (name, accepted) => {
    const refused = new RegExp(`^${name}(?:=| \\(set).*: accepted is`, 'm')
    for (const choice of accepted) expect(faultOf({ [name]: choice })).not.toMatch(refused)
    expect(faultOf({ [name]: 'something-else' })).toMatch(refused)
  })

  test('says of the origin what the origin does', () => {
    const rows = rowsOf('docs/configuration.md', 'The origin')
    const inCode = read('origin/origin-config.ts').matchAll(/read\('(ORIGIN_[A-Z_]+)'/g)
    expect(firstCells(rows)).toEqual([...inCode].map(([, name = '']) => name).toSorted())
    const defaults = rows.map(([name, fallback]) => [plain(name), plain(fallback)])
    const documented = Object.fromEntries(defaults.filter(([, fallback]) => fallback !== 'none'))
    expect(parseOriginConfig(documented)).toEqual(parseOriginConfig({}))
  })
})

test('docs/caching.md has every class with its Cache-Control', () => {
  const rows = rowsOf('docs/caching.md', 'Classes').map(([name, value]) => [name, plain(value)])
  expect(Object.fromEntries(rows)).toEqual(CACHE_CONTROL)
})

test('docs/errors.md has every code with its status and class, in the order of the catalogue', () => {
  const rows = rowsOf('docs/errors.md').map(([code, status, name]) => [plain(code), status, name])
  const catalogue = read('src/errors.ts').matchAll(/^ {2}(\w+): \{ status: (\d+), class: '(\w+)' \}/gm)
  expect(rows).toEqual([...catalogue].map((match) => match.slice(1)))
})

test('docs/operations.md has every metric, and no other', () => {
  const { registry } = createMetrics()
  const zero = () => 0
  addGauges(registry, {
    queueLength: zero,
    rendering: zero,
    fetchBytes: zero,
    renderMemoryBytes: zero,
    flights: zero,
    memoryBytes: zero,
    memoryEntries: zero,
    writesPending: zero,
    journalLagSeconds: zero,
    workerMemoryBytes: zero,
  })
  addEventGauges(registry, { pending: zero, oldestSeconds: zero })
  addPurgeGauges(registry, { waiting: zero, sent: zero, oldestSeconds: zero })
  const metrics = registry.getMetricsAsArray().map(({ name }) => name)
  const own = metrics.filter((name) => name.startsWith('halftone_'))
  const rows = rowsOf('docs/operations.md', 'Metrics')
  expect(firstCells(rows)).toEqual(own.toSorted())
  const node = [...read('docs/operations.md').matchAll(/`(nodejs_[a-z0-9_]+[a-z0-9])`/g)].map(
    ([, name]) => name,
  )
  expect(metrics).toEqual(expect.arrayContaining(node))
})

describe.each(PAGES)('%s', (page) => {
  const text = read(page)

  test('links to what exists', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link))
    expect(broken).toEqual([])
  })

  test('names only npm scripts that exist', () => {
    const { scripts } = packageFile.parse(JSON.parse(read('package.json')))
    const named = [...text.matchAll(/npm run (?:--\S+ )?([a-z:-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  test('names only files of ours that exist', () => {
    const paths = text.matchAll(/`((?:src|origin|test|docs|bench|scripts)\/[\w./-]*\w\/?)`/g)
    const missing = [...paths].map(([, path = '']) => path).filter((path) => !existsSync(path))
    expect(missing).toEqual([])
  })
})

test('docs/decisions/README.md lists every decision', () => {
  const index = read('docs/decisions/README.md')
  const decisions = readdirSync('docs/decisions').filter((file) => file !== 'README.md')
  expect(decisions.filter((file) => !index.includes(`(${file})`))).toEqual([])
})

function settingOf(environment: Record<string, string>, name: string): unknown {
  return Object.entries(parseConfig(environment)).find(([known]) => known === name)?.[1]
}

/** What is wrong with an environment; empty when nothing is. */
function faultOf(environment: Record<string, string>): string {
  try {
    parseConfig(environment)
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

function isAccepted(environment: Record<string, string>): boolean {
  return faultOf(environment) === ''
}

/** Whether a relative link leads to a file, and its fragment to a heading in it. */
function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', fragment] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(file)) return false
  return fragment === undefined || anchorsOf(read(file)).includes(fragment)
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('CHANGELOG.md says each thing once, and bears no trace of a merge', () => {
  const lines = read('CHANGELOG.md').split('\n')
  expect(lines.filter((line) => /^(?:<{7}|={7}|>{7})/.test(line))).toEqual([])
  const entries = lines.filter((line) => line.startsWith('- '))
  expect(entries.filter((line, index) => entries.indexOf(line) !== index)).toEqual([])
})

describe('docs/reliability.md', () => {
  const rows = rowsOf('docs/reliability.md')

  test('each row says what happens, what is kept, what shows it, and a figure', () => {
    const unfinished = rows.filter((cells) => cells.length !== 5 || cells.some((cell) => cell === ''))
    expect(unfinished).toEqual([])
  })

  test('no row is without a test that is there', () => {
    const files = rows.map(
      ([what, , , shown = '']) => [what, shown.match(/[\w/.-]+\.test\.ts/g) ?? []] as const,
    )
    expect(files.filter(([, tests]) => tests.length === 0 || !tests.every(existsSync))).toEqual([])
  })
})
