import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryBudget } from '../../src/circuit/retry-budget.ts'

const OPTIONS = { share: 0.1, perSecond: 2, capacity: 5 }

function start() {
  const clock = { ms: 1_000 }
  const budget = new RetryBudget({ ...OPTIONS, elapsedMs: () => clock.ms })
  const takeAll = (wanted: number) =>
    Array.from({ length: wanted }, () => budget.take()).filter(Boolean).length
  return { clock, budget, takeAll }
}

test('what is saved up is granted at once, and no more', () => {
  const { budget, takeAll } = start()
  expect(takeAll(8)).toBe(5)
  expect(budget.counts).toEqual({ granted: 5, denied: 3 })
})

test('time and first attempts pay for more, up to what can be saved', () => {
  const { budget, clock, takeAll } = start()
  takeAll(5)
  clock.ms += 500
  expect(takeAll(2)).toBe(1)
  for (let attempt = 0; attempt < 30; attempt += 1) budget.deposit()
  expect(takeAll(10)).toBe(3)
  clock.ms += 3_600_000
  expect(takeAll(10)).toBe(5)
})

test('however attempts come, retries are at most their share, what time brings, and what was saved', () => {
  const moment = fc.record({ afterMs: fc.nat(2_000), attempts: fc.nat(50), wanted: fc.nat(50) })
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 40 }), (moments) => {
      const { budget, clock, takeAll } = start()
      const from = clock.ms
      let attempts = 0
      for (const moment of moments) {
        clock.ms += moment.afterMs
        attempts += moment.attempts
        for (let attempt = 0; attempt < moment.attempts; attempt += 1) budget.deposit()
        takeAll(moment.wanted)
        const bound =
          OPTIONS.capacity + attempts * OPTIONS.share + ((clock.ms - from) / 1000) * OPTIONS.perSecond
        expect(budget.counts.granted).toBeLessThanOrEqual(bound + 1e-6)
      }
    }),
  )
})
