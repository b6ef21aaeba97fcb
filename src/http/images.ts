import type { Context, Handler } from 'hono'
import { getCookie } from 'hono/cookie'
import { LRUCache } from 'lru-cache'
import { CACHE_CONTROL, type CacheClass } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER, cacheTags } from '../cdn/cache-tags.ts'
import { isVerdict } from '../errors.ts'
import type { SizePolicy } from '../transform/size-policy.ts'
import { isAuto } from '../transform/spec.ts'
import { isAutoRequest } from '../urls/image-request.ts'
import type { ParsedImage } from '../urls/dialect.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Answer, VersionedPath } from '../variants/answer.ts'
import type { NegotiatedDelivery } from '../variants/negotiated-delivery.ts'
import {
  ACCESS_COOKIE,
  type AccessGrant,
  formatAccessGrant,
  parseAccessCookie,
  parseAccessGrant,
} from '../identity/access-links.ts'
import type { Limits } from '../limits/limits.ts'
import { spend } from '../limits/spend.ts'
import { createVisitor, type Visit, type VisitorsOptions } from '../identity/visitor.ts'
import { type ConditionalHeaders, conditionsOf, isNotModified } from './conditional.ts'
import { withDeadline } from './deadline.ts'
import { type AppEnv, rawQuery } from './env.ts'
import { ANY_WISH, type ReadWish } from './negotiation.ts'
import { type Framing, notModifiedAnswer, pictureAnswer } from './picture-answer.ts'

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

export interface ImagesOptions extends VisitorsOptions {
  readonly dialect: NativeDialect
  readonly plans: Plans
  readonly delivery: NegotiatedDelivery
  readonly readWish: ReadWish
  readonly requestTimeoutMs: number
  /** The client's address, by what stands before the gateway; without it the other end of the socket. */
  readonly readClientAddress?: (headers: Headers, socketAddress: string | undefined) => string | undefined
  /** How many pictures that are not public may be made for somebody; without it as many as they like. */
  readonly limits?: Limits | undefined
}

/** Pictures: `/img/…` and `/simg/…`, all that was not answered as a hit. */
export function images(options: ImagesOptions): Handler<AppEnv> {
  const { dialect, plans, delivery, readWish, requestTimeoutMs } = options
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
    const { request, signed } = plan.image
    const { headers, signal: client } = c.req.raw
    const wish = isAutoRequest(request) ? readWish(headers) : undefined
    if (wish !== undefined) c.set('wish', wish)
    const { acceptance } = wish ?? ANY_WISH
    const framing = (at: VersionedPath | undefined) => ({ contentLocation: locate(at, signed), wish })
    const conditions = conditionsOf(headers)
    const visitor = createVisitor(options, visitOf(options, c, grant))
    return withDeadline(client, requestTimeoutMs, async (signal) => {
      const headline = conditions && (await delivery.headline(request, acceptance, { visitor, signal }))
      if (headline && isNotModified(conditions, headline)) {
        return notModifiedAnswer(c, headline, framing(headline.canonical))
      }
      const { mayRender } = plan
      const delivered = await delivery.deliver(request, acceptance, { mayRender, visitor, signal })
      if (!('moved' in delivered)) return respond(c, conditions, delivered, framing(delivered.canonical))
      c.set('tags', cacheTags(delivered.moved.source))
      return redirect(locate(delivered.moved, signed) ?? path, 302, delivered.cacheClass)
    }).catch((error: unknown) => {
      // What is wrong with a cover is wrong with its photo, and over when that is replaced.
      if (isVerdict(error)) c.set('tags', cacheTags(delivery.knownPath(request)))
      throw error
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
    return { kind: 'serve', image: parsed, tags, mayRender: verdict.outcome === 'allowed' }
  }
  const { source, version } = request
  const location =
    version === undefined || isAuto(verdict.spec)
      ? dialect.formatUnversioned(source.path, verdict.spec, { signed })
      : dialect.formatVersioned(source.path, version, verdict.spec, { signed })
  return { kind: 'redirect', location, tags }
}

function visitOf(
  {
    readClientAddress = (_, address) => address,
    limits,
  }: Pick<ImagesOptions, 'readClientAddress' | 'limits'>,
  c: Context<AppEnv>,
  grant: AccessGrant | undefined,
): Visit {
  const address = readClientAddress(c.req.raw.headers, c.env?.incoming?.socket?.remoteAddress)
  // On the answer to be: `c.header` is for those that the context itself makes.
  const setHeader = (name: string, value: string) => c.res.headers.set(name, value)
  return {
    authorization: c.req.header('authorization'),
    grant,
    cookie: c.get('ignoresLinks') === true ? undefined : parseAccessCookie(getCookie(c, ACCESS_COOKIE)),
    requestId: c.get('requestId'),
    address,
    // A verdict on a cover goes when its photo does.
    onFound: ({ at }) => c.set('tags', cacheTags(at)),
    onRestricted: () => c.set('restricted', true),
    beforeRender:
      limits && ((principal) => spend(limits, 'private-renders', { principal, address, setHeader })),
  }
}

function respond(
  c: Context<AppEnv>,
  conditions: ConditionalHeaders | undefined,
  answer: Answer,
  framing: Framing,
): Response {
  // Of a 304 too: the log and the metrics count it as what it is.
  c.set('layer', answer.layer)
  return conditions && isNotModified(conditions, answer)
    ? notModifiedAnswer(c, answer, framing)
    : pictureAnswer(c, answer, framing)
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
