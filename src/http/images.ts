import type { Context, Handler } from 'hono'
import { LRUCache } from 'lru-cache'
import { CACHE_CONTROL, type CacheClass } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER, cacheTags } from '../cdn/cache-tags.ts'
import type { SizePolicy } from '../transform/size-policy.ts'
import { isAuto } from '../transform/spec.ts'
import { isAutoRequest } from '../urls/image-request.ts'
import type { ParsedImage } from '../urls/dialect.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Headline, VersionedPath } from '../variants/answer.ts'
import { formatAccessGrant, parseAccessGrant } from '../identity/access-links.ts'
import { type AppEnv, rawQuery } from './env.ts'
import type { ReadWish } from './negotiation.ts'
import { servePicture, type ServingOptions, withVisitor } from './serve-picture.ts'

export interface PlansOptions {
  readonly dialect: NativeDialect
  readonly sizes: SizePolicy
}

/** What was decided about a target: it depends on nothing else, so that it is decided once for a popular one. */
export type Plan =
  | ServePlan
  | { readonly kind: 'redirect'; readonly location: string; readonly tags: string | undefined }

/** To serve a picture. */
export interface ServePlan {
  readonly kind: 'serve'
  readonly image: ParsedImage
  readonly tags: string
  readonly mayRender: boolean
  /** Whether it may be rendered all the same, within the budget for sizes off the ladder. */
  readonly isBudgeted: boolean
}

/** What plans may cost in memory: targets are as long as strangers make them. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024
const PLAN_OVERHEAD_BYTES = 1024

/** What to do about the paths of pictures, remembered. */
export class Plans {
  readonly #options: PlansOptions
  readonly #known = new LRUCache<string, Plan>({
    maxSize: MAX_PLAN_BYTES,
    sizeCalculation: (_, path) => 2 * path.length + PLAN_OVERHEAD_BYTES,
  })

  constructor(options: PlansOptions) {
    this.#options = options
  }

  /** What has been decided before; `undefined` for a path that is new, or that means nothing. */
  find(path: string): Plan | undefined {
    return this.#known.get(path)
  }

  /** What is decided now if it has not been before; throws what is wrong with the path. */
  get(path: string): Plan {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const plan = decide(this.#options, path)
    this.#known.set(path, plan)
    return plan
  }
}

export interface ImagesOptions extends ServingOptions {
  readonly dialect: NativeDialect
  readonly plans: Plans
  readonly readWish: ReadWish
}

/** Pictures: `/img/…` and `/simg/…`, all that was not answered as a hit. */
export function images(options: ImagesOptions): Handler<AppEnv> {
  const { dialect, plans, delivery, readWish } = options
  const locate = (at: VersionedPath | undefined, signed: boolean) =>
    at && dialect.formatVersioned(at.source.path, at.version, at.spec, { signed })

  return async function images(c) {
    // Without the query, which decides about nothing but access: it would make as many plans as there are queries.
    const { path } = c.req
    const ignoresLinks = c.get('ignoresLinks') === true
    const grant = ignoresLinks ? undefined : parseAccessGrant(rawQuery(c.req.raw, c.env))
    // What a link was given for is reached by it under another spelling too; no cache may learn it.
    const redirect = (location: string, status: 302 | 308, cacheClass: CacheClass) =>
      grant === undefined
        ? redirectAnswer(c, location, status, cacheClass)
        : redirectAnswer(c, `${location}${formatAccessGrant(grant)}`, status, 'D')
    const plan = plans.get(path)
    if (plan.tags !== undefined) c.set('tags', plan.tags)
    if (plan.kind === 'redirect') return redirect(plan.location, 308, 'L')
    const { mayRender, isBudgeted } = plan
    const { request, signed } = plan.image
    const wish = isAutoRequest(request) ? readWish(c.req.raw.headers) : undefined
    const frame = ({ canonical }: Headline) => ({ contentLocation: locate(canonical, signed), wish })
    return withVisitor(options, c, grant, async (asking) => {
      const order = { request, wish, mayRender, isBudgeted, isSigned: signed, frame }
      const served = await servePicture(delivery, c, order, asking)
      if (served instanceof Response) return served
      c.set('tags', cacheTags(served.moved.source))
      return redirect(locate(served.moved, signed) ?? path, 302, served.cacheClass)
    })
  }
}

function decide({ dialect, sizes }: PlansOptions, path: string): Plan {
  const parsed = dialect.parse(path)
  if (parsed.kind === 'redirect') return { kind: 'redirect', location: parsed.location, tags: undefined }
  const { request, signed } = parsed
  const tags = cacheTags(request.source)
  const verdict = sizes.check(request, { signed })
  if (verdict.outcome !== 'redirect') {
    const { outcome } = verdict
    const [mayRender, isBudgeted] = [outcome === 'allowed', outcome === 'budgeted']
    return { kind: 'serve', image: parsed, tags, mayRender, isBudgeted }
  }
  const { source, version } = request
  const location =
    version === undefined || isAuto(verdict.spec)
      ? dialect.formatUnversioned(source.path, verdict.spec, { signed })
      : dialect.formatVersioned(source.path, version, verdict.spec, { signed })
  return { kind: 'redirect', location, tags }
}

function redirectAnswer(
  c: Context<AppEnv>,
  location: string,
  status: 302 | 308,
  cacheClass: CacheClass,
): Response {
  c.set('cacheClass', cacheClass)
  const tags = c.get('tags')
  const headers = {
    location,
    'cache-control': CACHE_CONTROL[cacheClass],
    ...(cacheClass !== 'D' && {
      'access-control-allow-origin': '*',
      ...(tags !== undefined && { [CACHE_TAG_HEADER]: tags }),
    }),
  }
  return new Response(null, { status, headers })
}
