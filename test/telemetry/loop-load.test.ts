import { expect, test } from 'vitest'
import { performance } from 'node:perf_hooks'
import { createIsLoopBusy } from '../../src/telemetry/loop-load.ts'

/** A clock, and a loop that has been at work for a part of the time. */
function stand() {
  const state = { ms: 0, active: 0 }
  const utilization: typeof performance.eventLoopUtilization = (now, before) => {
    const { ms, active } = state
    if (now === undefined || before === undefined)
      return { active, idle: ms - active, utilization: active / ms }
    const [worked, idled] = [now.active - before.active, now.idle - before.idle]
    return { active: worked, idle: idled, utilization: worked / (worked + idled) }
  }
  const isBusy = createIsLoopBusy({ limit: 0.6, windowMs: 50, now: () => state.ms, utilization })
  const pass = (ms: number, share: number) => {
    state.ms += ms
    state.active += ms * share
  }
  return { isBusy, pass }
}

test('a loop is busy when it was at work for more than so much of the last window, and of that alone', () => {
  const { isBusy, pass } = stand()
  expect(isBusy()).toBe(false)
  pass(1_000, 0.1)
  expect(isBusy()).toBe(false)
  pass(50, 0.9)
  expect(isBusy()).toBe(true)
  pass(50, 0.5)
  expect(isBusy()).toBe(false)
})

test('within a window it stays with what it was at the last look', () => {
  const { isBusy, pass } = stand()
  pass(50, 1)
  expect(isBusy()).toBe(true)
  pass(49, 0)
  expect(isBusy()).toBe(true)
  pass(1, 0)
  expect(isBusy()).toBe(false)
})

test('after a pause it is looked at anew: how busy it was long ago says nothing', () => {
  const { isBusy, pass } = stand()
  pass(2_000, 0.9)
  expect(isBusy()).toBe(false)
  pass(50, 0.9)
  expect(isBusy()).toBe(true)
  pass(60_000, 0.9)
  expect(isBusy()).toBe(false)
})

test('it is the loop of this process that is looked at', () => {
  const isBusy = createIsLoopBusy({ limit: 0.6, windowMs: 50 })
  const until = performance.now() + 51
  while (performance.now() < until);
  expect(isBusy()).toBe(true)
})
