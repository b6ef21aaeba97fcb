import type { Context, Handler } from 'hono'
import { LRUCache } from 'lru-cache'
import { CACHE_CONTROL, type CacheClass } from '../cdn/cache-policy.ts'
import { cacheTags } from '../cdn/cache-tags.ts'
import type { SizePolicy } from '../transform/size-policy.ts'
import type { ParsedImage } from '../urls/dialect.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Delivery, VersionedPath } from '../variants/delivery.ts'
import { conditionsOf, isNotModified } from './conditional.ts'
import { withDeadline } from './deadline.ts'
import { type AppEnv, rawTarget } from './env.ts'
import { notModifiedAnswer, pictureAnswer } from './picture-answer.ts'

export interface PlansOptions {
  readonly dialect: NativeDialect
  readonly sizes: SizePolicy
}

/** What was decided about a target: it depends on nothing else, so that it is decided once for a popular one. */
export type Plan =
  | {
      readonly kind: 'serve'
      readonly image: ParsedImage
      readonly tags: string
      readonly mayRender: boolean
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly tags: string | undefined }

const MAX_PLANS = 20_000

/** What to do about image targets, remembered. */
export class Plans {
  readonly #options: PlansOptions
  readonly #known = new LRUCache<string, Plan>({ max: MAX_PLANS })

  constructor(options: PlansOptions) {
    this.#options = options
  }

  /** What has been decided before; `undefined` for a target that is new, or is none. */
  find(target: string): Plan | undefined {
    return this.#known.get(target)
  }

  /** Decides about a target; throws what is wrong with it. */
  get(target: string): Plan {
    const known = this.#known.get(target)
    if (known !== undefined) return known
    const plan = decide(this.#options, target)
    this.#known.set(target, plan)
    return plan
  }
}

export interface ImagesOptions {
  readonly dialect: NativeDialect
  readonly plans: Plans
  readonly delivery: Delivery
  readonly requestTimeoutMs: number
}

/** Pictures: `/img/…` and `/simg/…`, all that was not answered as a hit. */
export function images(options: ImagesOptions): Handler<AppEnv> {
  const { dialect, plans, delivery, requestTimeoutMs } = options
  const locate = (at: VersionedPath | undefined, signed: boolean) =>
    at && dialect.formatVersioned(at.source.path, at.version, at.spec, { signed })

  return async function images(c) {
    const target = rawTarget(c)
    const plan = plans.get(target)
    if (plan.tags !== undefined) c.set('tags', plan.tags)
    if (plan.kind === 'redirect') return redirect(c, plan.location, 308, 'L')
    const { request, signed } = plan.image
    const conditions = conditionsOf(c.req.raw.headers)
    return withDeadline(c.req.raw.signal, requestTimeoutMs, async (signal) => {
      const headline = conditions && (await delivery.headline(request, signal))
      if (headline && isNotModified(conditions, headline)) {
        return notModifiedAnswer(c, headline, locate(headline.canonical, signed))
      }
      const delivered = await delivery.deliver(request, { mayRender: plan.mayRender, signal })
      return 'moved' in delivered
        ? redirect(c, locate(delivered.moved, signed) ?? target, 302, 'L60')
        : pictureAnswer(c, delivered, locate(delivered.canonical, signed))
    })
  }
}

function redirect(c: Context<AppEnv>, location: string, status: 302 | 308, cacheClass: CacheClass): Response {
  c.set('cacheClass', cacheClass)
  const headers = { location, 'cache-control': CACHE_CONTROL[cacheClass], 'access-control-allow-origin': '*' }
  return new Response(null, { status, headers })
}

function decide({ dialect, sizes }: PlansOptions, target: string): Plan {
  const parsed = dialect.parse(target)
  if (parsed.kind === 'redirect') return { kind: 'redirect', location: parsed.location, tags: undefined }
  const { request, signed } = parsed
  const tags = cacheTags(request.source)
  const verdict = sizes.check(request, { signed })
  if (verdict.outcome !== 'redirect') {
    return { kind: 'serve', image: parsed, tags, mayRender: verdict.outcome === 'allowed' }
  }
  const { source, version } = request
  const location =
    version === undefined
      ? dialect.formatUnversioned(source.path, verdict.spec, { signed })
      : dialect.formatVersioned(source.path, version, verdict.spec, { signed })
  return { kind: 'redirect', location, tags }
}
