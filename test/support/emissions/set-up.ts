import { afterAll, expect } from 'vitest'
import { emissions, noteAnswer } from './watch.ts'

/** Of every test file: what comes over HTTP is looked at, and in the end nothing secret may have been emitted. */
const plainFetch = globalThis.fetch
globalThis.fetch = async (...request) => {
  const answer = await plainFetch(...request)
  noteAnswer(answer)
  return answer
}

afterAll(() => {
  expect(emissions.leaks, 'secrets in what was emitted').toEqual([])
})
