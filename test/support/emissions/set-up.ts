import { afterAll } from 'vitest'
import { emissions, watchFetch } from './watch.ts'

/** Of every test file: what comes over HTTP is looked at, and in the end nothing secret may have been emitted. */
watchFetch()
emissions.forget()

afterAll(() => {
  const leaks = emissions.takeLeaks()
  if (leaks.length > 0) throw new Error(`Secrets in what was emitted:\n${leaks.join('\n')}`)
})
