import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_NUMBERS } from '../../src/cloudflare-delivery/error-numbers.ts'

const [, section = ''] = readFileSync('docs/cloudflare.md', 'utf8').split('\n## Errors\n')
const compare = (one: string, other: string) => one.localeCompare(other)
const asText = (row: object) => JSON.stringify(row)
const rows = [...section.matchAll(/^\| (94\d\d|95\d\d) \| (\d{3}) \| (.*) \|$/gm)]

test('docs/cloudflare.md has the number and the status of every error that a picture may end in', () => {
  const documented = rows.flatMap(([, number, status, codes = '']) =>
    [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => ({
      code,
      number: Number(number),
      status: Number(status),
    })),
  )
  // Those of the API, and of hosted images.
  const others = new Set([9426, 9427, 9429, 9431, 9432])
  const table = Object.entries(ERROR_NUMBERS).map(([code, { number, status }]) => ({ code, number, status }))
  const own = table.filter(({ number }) => !others.has(number))
  const ofPictures = documented.filter(({ number }) => !others.has(number))
  expect(ofPictures.map(asText).toSorted(compare)).toEqual(own.map(asText).toSorted(compare))
  expect(own.length).toBeGreaterThan(30)
})

test('numbers are of four digits, and no status is a success', () => {
  for (const { number, status } of Object.values(ERROR_NUMBERS)) {
    expect(number).toBeGreaterThanOrEqual(9401)
    expect(number).toBeLessThanOrEqual(9529)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThanOrEqual(524)
  }
})
