import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { expect, test } from 'vitest'
import type { AppEnv } from '../../src/http/env.ts'
import { createRecorder, observe } from '../../src/http/observe.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

test.each([
  [
    "a body that is no JSON is the client's mistake",
    new HTTPException(400, { message: 'No JSON' }),
    400,
    'info',
  ],
  ['what nobody expected is ours', new Error('no such file'), 500, 'error'],
  ['and so is what the router gives up', new HTTPException(503), 500, 'error'],
])('%s, in the log too', async (_, failure, status, level) => {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', { write: (line: string) => lines.push(JSON.parse(line)) })
  const recorder = createRecorder({ log, metrics: createMetrics(), logHitsEvery: 1, routeOf: () => 'api' })
  const app = new Hono<AppEnv>()
  app.use(observe(recorder))
  app.onError(problemAnswer)
  app.post('/', () => {
    throw failure
  })
  expect((await app.request('http://test/', { method: 'POST' })).status).toBe(status)
  expect(lines).toMatchObject([{ level, status }])
})
