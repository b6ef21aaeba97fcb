import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'
import { type AppEnv, hostOf, rawTarget } from '../http/env.ts'
import { takeFailure } from '../http/problem.ts'
import { formatPath } from '../urls/target.ts'
import { ERROR_NUMBERS } from './error-numbers.ts'
import { parseSourceText, type SourceText } from '../cloudflare/source-text.ts'
import { parseCloudflareTarget } from '../cloudflare/target.ts'

/** Where `onerror=redirect` is understood, and leads to. */
export interface RedirectingOptions {
  readonly mounts: readonly string[]
  /** Hosts of the site, beside the one that is asked: an edge may not say which that was. */
  readonly ownHosts?: ReadonlySet<string> | undefined
}

/** Translates errors to this dialect's words, `ERROR 9404: …`, or to a redirect to the source where that is asked for. */
export function createErrorAnswer(redirecting: RedirectingOptions, numbers = ERROR_NUMBERS) {
  return function errorAnswer(error: unknown, c: Context<AppEnv>): Response {
    const { problem, headers } = takeFailure(error, c)
    const { number, status } = numbers[problem.code]
    headers.set('cf-resized', `err=${number}`)
    const location = isFatal(problem, c) ? sourceOf(c, redirecting) : undefined
    if (location !== undefined) {
      headers.set('location', location)
      return new Response(null, { status: 307, headers })
    }
    headers.set('content-type', 'text/plain; charset=utf-8')
    return new Response(`ERROR ${number}: ${problem.message}\n`, { status, headers })
  }
}

/** Whether there is no picture, for somebody who wants one. */
function isFatal({ code }: GatewayError, { req }: Context<AppEnv>): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && code !== 'range_not_satisfiable'
}

/** Where the source itself is, if `onerror=redirect` asks for it; whatever else may be wrong with the options. */
function sourceOf(
  c: Context<AppEnv>,
  { mounts, ownHosts = new Set() }: RedirectingOptions,
): string | undefined {
  // Without a host every name that ends in a dot would be one below it.
  const hosts = [hostOf(c.req.raw), ...ownHosts].filter((host) => host !== '')
  try {
    const target = parseCloudflareTarget(rawTarget(c.req.raw, c.env), mounts)
    const wantsSource = target?.options.split(',').includes('onerror=redirect') === true
    return wantsSource ? locationOf(parseSourceText(target.source), hosts) : undefined
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Nobody is sent to a server that is not the site's own, or of a name below it. */
function locationOf(source: SourceText, hosts: readonly string[]): string | undefined {
  if (source.by === 'path') return `/${formatPath(source.path)}${source.query}`
  const { url } = source
  const isOwn = hosts.some((host) => url.host === host || url.host.endsWith(`.${host}`))
  return isOwn ? url.href : undefined
}
