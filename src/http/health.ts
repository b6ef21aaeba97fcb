import { Hono } from 'hono'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import type { Readiness } from '../telemetry/readiness.ts'
import type { AppEnv } from './env.ts'

/** `/livez`: the process answers. `/readyz`: it should get traffic, or why not. */
export function health(readiness: Readiness): Hono<AppEnv> {
  const headers = { 'cache-control': CACHE_CONTROL.P }
  return new Hono<AppEnv>()
    .get('/livez', (c) => c.text('alive\n', 200, headers))
    .get('/readyz', (c) => {
      const { ready, reason } = readiness.check()
      return c.text(`${reason}\n`, ready ? 200 : 503, headers)
    })
}
