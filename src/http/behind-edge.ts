import type { MiddlewareHandler } from 'hono'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER } from '../cdn/cache-tags.ts'
import { isOriginSecret, ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'
import { SIGNED_TREE } from '../cdn/public-urls.ts'
import { GatewayError } from '../errors.ts'
import { type AppEnv, routingPath } from './env.ts'

export interface BehindEdgeOptions {
  /** What the distribution may say in its secret header; none: what an edge says is not believed. */
  readonly originSecrets: readonly string[]
  /** Whether requests that do not show one of them are refused, all but those of health. */
  readonly requiresOriginSecret?: boolean | undefined
  /**
   * Whether the edge checks our signature: there is a tree then that only it reaches, and links and cookies are believed
   * nowhere else.
   */
  readonly edgeSigns?: boolean | undefined
}

const HEALTH: ReadonlySet<string> = new Set(['/livez', '/readyz'])
const SIGNED_TARGET = new RegExp(`^${SIGNED_TREE}(?=/(?:img|simg|api/v1)/)`)

/** The path that routes are chosen by: in the tree that the edge signs for, what stands behind its name. */
export function routingPathOf({ edgeSigns = false }: Pick<BehindEdgeOptions, 'edgeSigns'>) {
  return (request: Request, env: AppEnv['Bindings'] | undefined): string => {
    const path = routingPath(request, env)
    return edgeSigns ? path.replace(SIGNED_TARGET, '') : path
  }
}

/** Whether a request may be answered at all, by where it comes from. */
export function createIsWelcome(options: BehindEdgeOptions): (request: Request, path: string) => boolean {
  const { originSecrets, requiresOriginSecret = false } = options
  return ({ headers }, path) =>
    !requiresOriginSecret ||
    HEALTH.has(path) ||
    isOriginSecret(headers.get(ORIGIN_SECRET_HEADER), originSecrets)
}

/**
 * Refuses who passes by the edge, where that is wanted, and always in the tree that the edge signs for: its signature is
 * not in what it forwards, so the secret alone says that it was checked. No cache keeps anything of that tree.
 */
export function behindEdge(options: BehindEdgeOptions): MiddlewareHandler<AppEnv> {
  const { originSecrets, edgeSigns = false } = options
  const isWelcome = createIsWelcome(options)
  const inTree = createIsWelcome({ originSecrets, requiresOriginSecret: true })

  return async function behindEdge(c, next) {
    const path = routingPath(c.req.raw, c.env)
    const isSigned = edgeSigns && SIGNED_TARGET.test(path)
    if (!(isSigned ? inTree : isWelcome)(c.req.raw, path)) {
      throw new GatewayError('origin_secret_required', 'This is answered through the distribution only')
    }
    if (edgeSigns && !isSigned) c.set('ignoresLinks', true)
    await next()
    if (isSigned) keepPrivate(c.res.headers, () => c.set('cacheClass', 'D'))
  }
}

/** The same picture has an address outside the tree: it is there that caches keep it, and forget it. */
function keepPrivate(headers: Headers, onChanged: () => void): void {
  for (const name of ['location', 'content-location']) {
    const target = headers.get(name)
    if (target?.startsWith('/')) headers.set(name, `${SIGNED_TREE}${target}`)
  }
  headers.delete(CACHE_TAG_HEADER)
  if (headers.get('cache-control')?.includes('no-store') === true) return
  headers.set('cache-control', CACHE_CONTROL.D)
  onChanged()
}
