import { expect, test } from 'vitest'
import { parseSoakOptions } from '../support/soak/options.ts'
import { judgeRun } from '../support/soak/report.ts'
import { Tally } from '../support/soak/tally.ts'
import { growthOf } from '../support/soak/vitals.ts'

/** A run of so many views, so many of which failed while nothing was wrong. */
function runOf(views: number, failures: number): Tally {
  const tally = new Tally()
  for (let view = 0; view < views; view += 1) tally.count('views')
  for (let failure = 0; failure < failures; failure += 1) {
    tally.count('failures')
    tally.find('a request failed', {})
  }
  return tally
}

test.each([
  [1000, 0, true],
  [1000, 1, true],
  [1000, 2, false],
  [0, 0, false],
])('of %i views %i may fail: %s', (views, failures, isGood) => {
  expect(judgeRun(runOf(views, failures), 0.001).isGood).toBe(isGood)
})

test('no budget pays for a wrong picture', () => {
  const tally = runOf(100_000, 0)
  tally.find('what was never to be seen', {})
  expect(judgeRun(tally, 1).isGood).toBe(false)
})

test('memory that has come to a plateau is no leak, and what goes on growing is one', () => {
  const life = (mb: (sample: number) => number) =>
    growthOf(Array.from({ length: 40 }, (_, sample) => ({ rssMb: mb(sample) })))
  expect(life((sample) => Math.min(200, 80 + sample * 20))?.isLeak).toBe(false)
  expect(life((sample) => 100 + sample * 8)?.isLeak).toBe(true)
  expect(growthOf([{ rssMb: 1 }])).toBeUndefined()
})

test('of one kind of finding some are kept, and all are counted', () => {
  const tally = runOf(0, 50)
  expect(tally.findings).toHaveLength(20)
  expect(tally.of('finding: a request failed')).toBe(50)
})

test('the command line says how long, how much and in what order', () => {
  const options = parseSoakOptions(['--minutes', '30', '--seed', '7', '--json', 'a.json'])
  expect(options).toEqual({ minutes: 30, rate: 12, items: 12, budget: 0.001, seed: 7, json: 'a.json' })
  for (const [name, value] of [
    ['--minutes', '0'],
    ['--rate', 'many'],
    ['--items', '-1'],
    ['--budget', '2'],
  ] as const)
    expect(() => parseSoakOptions([`${name}=${value}`]), name).toThrow(`${name} ${value}: accepted is`)
})
