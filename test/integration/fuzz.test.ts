import { afterAll, beforeAll, expect, test } from 'vitest'
import { FORMATS } from '../support/hostile/hostile-file.ts'
import { type Outcome, runFuzz } from '../support/hostile/run.ts'
import { createSeeds } from '../support/hostile/seeds.ts'
import { openStage, type Stage } from '../support/hostile/stage.ts'

const MB = 1024 * 1024

let stage: Stage
let outcome: Outcome
beforeAll(async () => {
  stage = await openStage()
  outcome = await runFuzz(
    stage,
    await createSeeds(),
    { seed: 10, formats: FORMATS, perFormat: 10, cuts: 2, uploads: 1, long: false, atOnce: 2 },
    (line) => said.push(line),
  )
}, 400_000)
afterAll(() => stage.close())

const said: string[] = []

test('a bad picture is never a fault of ours, and no answer is a wrong picture', () => {
  expect(outcome.faults).toEqual([])
  expect(outcome.cases).toBeGreaterThan(250)
})

test('the gateway lives, and its workers with it', async () => {
  expect(stage.isAlive()).toBe(true)
  expect(outcome.deaths).toEqual([])
  const { crashed = 0, overran = 0 } = await stage.restarts()
  expect({ crashed, overran }).toEqual({ crashed: 0, overran: 0 })
})

test('what was held is given back', () => {
  const { before, after } = outcome
  expect(after.workers).toBe(before.workers)
  expect(after.gatewayBytes).toBeLessThan(before.gatewayBytes + 256 * MB)
  expect(after.workerBytes).toBeLessThan(1024 * MB)
})
