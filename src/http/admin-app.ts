import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import type { Readiness } from '../telemetry/readiness.ts'
import type { AppEnv } from './env.ts'
import { health } from './health.ts'

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
