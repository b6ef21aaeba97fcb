import { Hono } from 'hono'
import type { Registry } from 'prom-client'
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

/** What operators ask, on a port of its own that the CDN never sees. */
export function createAdminApp(registry: Registry, readiness: Readiness): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.route('/', health(readiness))
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, {
      'content-type': registry.contentType,
      'cache-control': CACHE_CONTROL.P,
    }),
  )
  return app
}
