import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Handler, Hono } from 'hono'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { conditionsOf, isNotModified } from '../http/conditional.ts'
import type { AppEnv } from '../http/env.ts'

export interface BrowserFilesOptions {
  /** The folder of the compiled browser module. */
  readonly dir: string
  /** Whether the script of the demo page is served too. */
  readonly hasDemo: boolean
}

/** The browser module at `/halftone.js`; its files are read once, here. Throws when they have not been built. */
export function createBrowserFiles({ dir, hasDemo }: BrowserFilesOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.get('/halftone.js', script(join(dir, 'uploader.js')))
  if (hasDemo) app.get('/halftone-demo.js', script(join(dir, 'demo.js')))
  return app
}

function script(file: string): Handler<AppEnv> {
  const bytes = readFileSync(file)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': CACHE_CONTROL["B'"],
    etag,
    'x-content-type-options': 'nosniff',
    // Pages of other origins import it too.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  }
  return function browserFile(c) {
    c.set('cacheClass', "B'")
    const conditions = conditionsOf(c.req.raw.headers)
    // Without a time of change: only the ETag decides.
    const isKnown =
      conditions?.ifNoneMatch !== undefined && isNotModified(conditions, { etag, lastModified: new Date(0) })
    return isKnown ? c.body(null, 304, headers) : c.body(bytes, 200, headers)
  }
}
