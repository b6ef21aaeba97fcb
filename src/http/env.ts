import type { CacheClass } from '../cdn/cache-policy.ts'
import type { Layer } from '../variants/variant.ts'
import type { Wish } from './negotiation.ts'

/** What every request carries through the app. */
export interface AppEnv {
  // The Node server hands in its request; `app.request()` in a test does not.
  Bindings: {
    incoming?: { readonly url?: string; readonly socket?: { readonly remoteAddress?: string | undefined } }
  }
  Variables: {
    requestId: string
    /** Cache tags of what is asked for, known as soon as the target is parsed. */
    tags?: string
    /** What the format is negotiated by, where it is. */
    wish?: Wish
    layer?: Layer
    cacheClass?: CacheClass
    /** Whether the answer is for this visitor alone: no cache may keep it, and no other site's script read it. */
    restricted?: boolean
    /** Whether links and cookies are not believed: they are for the tree that the edge signs for. */
    ignoresLinks?: boolean
    /** What went wrong, for the log. */
    error?: unknown
  }
}

/**
 * The path that routes are chosen by: the raw request target without its query, and without the authority of an absolute
 * form. Not `Request.url`: URL parsers swallow `%2e%2e` and `\`, and what they make of it is not what a CDN keyed on.
 */
export function routingPath(request: Request, env: AppEnv['Bindings'] | undefined): string {
  const target = rawTarget(request, env)
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** The host that is asked, in lower case, with its port where that is named. */
export function hostOf({ headers, url }: Request): string {
  return headers.get('host')?.toLowerCase() ?? new URL(url).host
}

/** The query of the raw request target, without its question mark. */
export function rawQuery(request: Request, env: AppEnv['Bindings'] | undefined): string {
  const target = rawTarget(request, env)
  const query = target.indexOf('?')
  return query === -1 ? '' : target.slice(query + 1)
}

/** The raw request target with its query, without the authority of an absolute form. */
export function rawTarget(request: Request, env: AppEnv['Bindings'] | undefined): string {
  const target = env?.incoming?.url ?? pathOf(request.url)
  return target.startsWith('/') ? target : pathOf(target)
}

/** Cuts scheme and authority from an absolute URL, without normalising the rest. */
function pathOf(url: string): string {
  const authority = url.indexOf('://')
  if (authority === -1) return url
  const path = url.indexOf('/', authority + 3)
  return path === -1 ? '/' : url.slice(path)
}
