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
}

const TYPES = { script: 'text/javascript; charset=utf-8', styles: 'text/css; charset=utf-8' } as const

/** The browser module at `/halftone.js`; its file is read once, here. Throws when it has not been built. */
export function createBrowserFiles({ dir }: BrowserFilesOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.get('/halftone.js', browserFile(join(dir, 'uploader.js'), 'script'))
  return app
}

/** Answers with one built file, which pages of other origins may use too. Throws when it has not been built. */
export function browserFile(file: string, kind: keyof typeof TYPES): Handler<AppEnv> {
  const bytes = readFileSync(file)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const headers = {
    'content-type': TYPES[kind],
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
