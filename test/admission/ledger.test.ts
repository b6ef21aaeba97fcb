import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger } from '../../src/admission/ledger.ts'

const of = (client: string, dialect = 'native') => ({ client, dialect })

test('whoever has been served is ahead of those who have not, and they catch up', () => {
  const ledger = new Ledger()
  ledger.serve(of('greedy'), 10)
  expect(ledger.lead(of('greedy'))).toBeGreaterThan(ledger.lead(of('other')))
  // They are of one dialect: that is ahead for both.
  expect(ledger.lead(of('other'))).toBe(10)
  expect(ledger.lead(of('other', 'another'))).toBe(0)
  for (let turn = 0; turn < 11; turn += 1) ledger.serve(of('other'), 1)
  expect(ledger.lead(of('greedy'))).toBeLessThanOrEqual(ledger.lead(of('other')))
})

test('owners of two kinds are not mistaken for each other', () => {
  const ledger = new Ledger()
  ledger.take({ source: 'a' }, 3)
  expect(ledger.isFull({ client: 'a' }, () => 1)).toBe(false)
  expect(ledger.isFull({ client: 'a', source: 'a' }, () => 3)).toBe(true)
  expect(ledger.isFull({ client: 'a', source: 'a' }, () => 4)).toBe(false)
  // Each kind by its own measure.
  expect(ledger.isFull({ client: 'a', source: 'a' }, (kind) => (kind === 'client' ? 1 : 4))).toBe(false)
  expect(ledger.sharesOf({ client: 'a', source: 'a' }, 2)).toEqual({
    own: ['client a', 'source a'],
    beyond: ['source a'],
  })
  expect(ledger.sharesOf({ client: 'a', source: 'a' }, 3).beyond).toEqual([])
})

test('what is given back is not in use, in any order', () => {
  const pieces = fc.array(
    fc.record({ owner: fc.constantFrom('a', 'b', 'c'), amount: fc.integer({ min: 1, max: 9 }) }),
  )
  fc.assert(
    fc.property(pieces, fc.nat(), (all, turn) => {
      const ledger = new Ledger()
      for (const { owner, amount } of all) ledger.take({ owner }, amount)
      const at = all.length === 0 ? 0 : turn % all.length
      for (const { owner, amount } of [...all.slice(at), ...all.slice(0, at)])
        ledger.giveBack({ owner }, amount)
      for (const owner of ['a', 'b', 'c']) expect(ledger.isFull({ owner }, () => 1)).toBe(false)
    }),
  )
})

test('any number of owners is remembered in bounds: beyond them all are equal again', () => {
  const ledger = new Ledger()
  ledger.serve(of('first'), 1_000)
  for (let client = 0; client <= 10_001; client += 1) ledger.serve({ client: `${client}` }, 1)
  expect(ledger.lead({ client: 'first' })).toBe(0)
})
