import { afterAll, expect } from 'vitest'
import { emissions, watchFetch } from './watch.ts'

/** Of every test file: what comes over HTTP is looked at, and in the end nothing secret may have been emitted. */
watchFetch()

afterAll(() => {
  expect(emissions.takeLeaks(), 'secrets in what was emitted').toEqual([])
})
