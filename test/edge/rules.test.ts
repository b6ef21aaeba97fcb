import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BELIEVED, RULE_SETS, UNVERIFIED } from '../support/edge/rules.ts'

const page = readFileSync('docs/edge.md', 'utf8')

/** The cells of a table's rows below a heading, its head left out. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

describe('docs/edge.md', () => {
  test('has every switch, with its section and what is believed', () => {
    const rows = rowsBelow('Not verified')
    expect(rows.map(([name, section]) => [name, section])).toEqual(Object.entries(UNVERIFIED))
    const believed = rows.map(([name, , value]) => [name, value === 'true'])
    expect(believed).toEqual(Object.entries(BELIEVED))
  })

  test.each(rowsBelow('Rules').map(([section = '', , files = '']) => [section, files] as const))(
    '%s is shown by %s',
    (section, files) => {
      const named = new RegExp(`['"\`](?:\\[unverified\\] )?${section} `)
      const silent = files.split(', ').filter((file) => !named.test(readFileSync(file, 'utf8')))
      expect(silent).toEqual([])
    },
  )
})

test('each set of rules but the first has one turned', () => {
  const believed = Object.values(BELIEVED)
  const turned = RULE_SETS.map(
    ([, rules]) => Object.values(rules).filter((value, at) => value !== believed[at]).length,
  )
  expect(turned).toEqual([0, ...believed.map(() => 1)])
})
