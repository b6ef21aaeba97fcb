import { Hono } from 'hono'
import type { MountedDialect } from '../http/app.ts'
import { type AppEnv, rawTarget } from '../http/env.ts'
import { routePictures } from '../http/serve-picture.ts'
import { createErrorAnswer, type RedirectingOptions } from './error-answer.ts'
import { readHints } from './hints.ts'
import { CloudflarePlans, type CloudflarePlansOptions } from './plans.ts'
import { type CloudflareServingOptions, knownToCloudflare, serveCloudflare } from './serve.ts'

export type CloudflareOptions = CloudflarePlansOptions &
  RedirectingOptions &
  Omit<CloudflareServingOptions, 'plans'>

/** Cloudflare's URLs of pictures, `{mount}/{options}/{source}`. */
export function createCloudflareDialect(options: CloudflareOptions): MountedDialect {
  const { mounts } = options
  const serving = { ...options, plans: new CloudflarePlans(options, readHints), dialectName: 'cloudflare' }
  const routes = new Hono<AppEnv>()
  routes.onError(createErrorAnswer(options))
  const serve = serveCloudflare(serving)
  for (const mount of mounts) routePictures(routes, `${mount}/*`, serve)
  const owns = (path: string) => mounts.some((mount) => path.startsWith(`${mount}/`))
  const findKnown = knownToCloudflare(serving)
  return {
    name: 'cloudflare',
    routes,
    owns,
    findKnown: (request, env) => (owns(rawTarget(request, env)) ? findKnown(request, env) : undefined),
  }
}
