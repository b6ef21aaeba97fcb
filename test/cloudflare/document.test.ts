import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OPTION_SPELLINGS } from '../../src/cloudflare/option-table.ts'
import { GatewayError } from '../../src/errors.ts'
import { FITS } from '../../src/transform/spec.ts'
import { understand } from './understood.ts'

const PAGE = readFileSync('docs/cloudflare.md', 'utf8')
const STATES = ['works', 'differs', 'fall-back']

interface Row {
  /** The options that it is of, as `width` or `width=auto`. */
  readonly options: readonly string[]
  readonly alias: string
  readonly state: string
  readonly what: string
  readonly tests: readonly string[]
}

const [, section = ''] = PAGE.split('\n## Options\n')
const [table = ''] = section.split(/\n#{2,3} /)

const rows: readonly Row[] = [...table.matchAll(/^\| (`.*)\|$/gm)].map(([, line = '']) => {
  const [name = '', alias = '', state = '', what = '', tests = ''] = line
    .split('|')
    .map((cell) => cell.trim())
  return { options: codesIn(name), alias: alias.replaceAll('`', ''), state, what, tests: codesIn(tests) }
})

function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

const nameIn = (option: string) => option.replace(/=.*$/s, '')

/** The row of an option as such. */
const rowsOf = (name: string) => rows.filter(({ options }) => options.includes(name))

/** The rows of an option and of single values of it. */
const rowsAbout = (name: string) =>
  rows.filter(({ options: [first = '', ...others] }) => [first, ...others].map(nameIn).includes(name))

const names = [...new Set(OPTION_SPELLINGS.values())]

describe('docs/cloudflare.md', () => {
  it.each(names)('has one row of %s', (name) => {
    expect(rowsOf(name)).toHaveLength(1)
  })

  it.each([...OPTION_SPELLINGS])('says that %s is %s', (spelling, name) => {
    if (spelling === name) return
    expect(rowsAbout(name).map(({ alias }) => alias)).toEqual(rowsAbout(name).map(() => spelling))
  })

  it('has no alias that is none, and no option but one that only Workers have', () => {
    const spelled = rows.flatMap(({ options, alias }) => (alias === '' ? options.slice(0, 1) : [alias]))
    const known = (spelling: string) => OPTION_SPELLINGS.has(nameIn(spelling))
    expect(spelled.filter((spelling) => !known(spelling))).toEqual(['origin-auth'])
  })

  it.each(rows.map((row) => [row.options.join(', '), row] as const))(
    '%s: a state, words and tests that exist',
    (_, { state, what, tests }) => {
      expect(STATES).toContain(state)
      expect(what).not.toBe('')
      expect(tests.length).toBeGreaterThan(0)
      expect(tests.filter((file) => !file.endsWith('.test.ts') || !existsSync(file))).toEqual([])
    },
  )

  it.each(names.filter((name) => wordsOf(name).length > 0))('names every word that %s accepts', (name) => {
    const said = rowsAbout(name).flatMap(({ options, what }) => [
      ...options.map((option) => option.replace(/^.*=/s, '')),
      ...codesIn(what),
    ])
    expect(said).toEqual(expect.arrayContaining([...wordsOf(name)]))
  })

  it('names every fit', () => {
    const [fit] = rowsOf('fit')
    expect(['cover', ...FITS].filter((name) => !codesIn(fit?.what ?? '').includes(name))).toEqual([])
  })

  it.each(['every section', 'every table'])('bears no trace of a merge: %s is there once', (what) => {
    const all = what === 'every section' ? /^## .*$/gm : /^\|(?!-|[ |]+$).*\n(?=\|-)/gm
    const found = [...PAGE.matchAll(all)].map(([text]) => text)
    expect(found.filter((text, at) => found.indexOf(text) !== at)).toEqual([])
    expect(found.length).toBeGreaterThan(5)
  })
})

/** What an option says it accepts, where it is one of some words. */
function wordsOf(name: string): readonly string[] {
  try {
    understand(`${name}=nothing-of-the-kind`)
    return []
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const [, list] = /(?:must be one of|accepted are) ([a-z0-9, -]+?)(?:, or .*)?$/.exec(error.message) ?? []
    return list?.split(', ') ?? []
  }
}
