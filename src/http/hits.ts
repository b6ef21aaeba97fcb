import type { CacheClass } from '../cdn/cache-policy.ts'
import { DRAWING_TYPE } from '../transform/spec.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Acceptance } from '../transform/negotiation.ts'
import { type ImageRequest, isAutoRequest } from '../urls/image-request.ts'
import type { Answer, Headline } from '../variants/answer.ts'
import type { NegotiatedDelivery } from '../variants/negotiated-delivery.ts'
import { conditionsOf, isNotModified } from './conditional.ts'
import { type AppEnv, routingPath } from './env.ts'
import type { Plans, ServePlan } from './images.ts'
import type { Recorder } from './observe.ts'
import { acceptanceIn, type ReadWish, sentClass, type Wish } from './negotiation.ts'
import { type Framing, headlineHeaders, pictureHeaders } from './picture-answer.ts'

/** A picture that has been asked for before in the same words. */
export interface KnownOrder {
  readonly request: ImageRequest
  /** What its format is negotiated by, where it is. */
  readonly wish: Wish | undefined
  /** What it is negotiated by where it depends on no request. */
  readonly acceptance?: Acceptance | undefined
  /** Decides how long an answer is kept where its address is not told to the edge; without it nothing is changed. */
  readonly keep?: (<Kept extends Headline>(answer: Kept) => Kept) | undefined
  /** What tells apart answers of which not the same is said, beside the wish; without it nothing does. */
  readonly kind?: (() => string | undefined) | undefined
  /** What is said of the answer beside its picture: of one request to such a wish, and of one kind, always the same. */
  readonly frame: (headline: Headline, layer?: Answer['layer']) => Framing
}

/** What a dialect knows of a request without asking anybody; `undefined` for what it has not answered before. */
export type FindKnown = (request: Request, env?: AppEnv['Bindings']) => KnownOrder | undefined

export interface HitsOptions {
  /** Asked one after the other. */
  readonly dialects: readonly FindKnown[]
  readonly delivery: NegotiatedDelivery
  readonly recorder: Recorder
}

/** The headers of an answer. */
interface Heads {
  readonly whole: Record<string, string>
  readonly notModified: Record<string, string>
  readonly cacheClass: CacheClass
}

/**
 * Answers what memory has, before any routing and without waiting: a hit then costs little more than its bytes. A GET
 * of the whole picture at a path that has been asked for before; `undefined` for everything else.
 */
export function answerHits(
  options: HitsOptions,
): (request: Request, env?: AppEnv['Bindings']) => Response | undefined {
  const { dialects, delivery, recorder } = options
  const known = new WeakMap<Answer, Map<string, Heads>>()

  return function answerHit(request, env) {
    if (request.method !== 'GET') return undefined
    const order = findFirst(dialects, request, env)
    if (order === undefined) return undefined
    const { headers } = request
    if (headers.has('range')) return undefined
    const startedAt = performance.now()
    const { wish } = order
    const answer = delivery.fromMemory(order.request, acceptanceIn(order))
    // A drawing is compressed for whoever takes it so, and that is waited for.
    if (answer === undefined || answer.variant.contentType === DRAWING_TYPE) return undefined

    // An answer belongs to one path: but to `auto` it is given in two classes.
    const kind = `${wish?.keyed ?? false} ${order.kind?.() ?? ''}`
    const headsOf = known.get(answer) ?? new Map<string, Heads>()
    const heads = headsOf.get(kind) ?? createHeads(answer, order)
    known.set(answer, headsOf.set(kind, heads))
    const conditions = conditionsOf(headers)
    const status = conditions !== undefined && isNotModified(conditions, answer) ? 304 : 200
    recorder.record({
      id: recorder.nextId(),
      method: 'GET',
      path: routingPath(request, env),
      status,
      ms: performance.now() - startedAt,
      layer: answer.layer,
      cacheClass: heads.cacheClass,
      sender: { headers, socket: env?.incoming?.socket },
    })
    return status === 304
      ? new Response(null, { status, headers: heads.notModified })
      : new Response(answer.variant.bytes, { status, headers: heads.whole })
  }
}

export interface NativeKnownOptions {
  readonly plans: Plans
  readonly readWish: ReadWish
  readonly dialect: NativeDialect
}

/** What the plans of native paths know. */
export function knownNatively({ plans, readWish, dialect }: NativeKnownOptions): FindKnown {
  const framing = (signed: boolean, wish: Wish | undefined, { canonical }: Headline): Framing => ({
    contentLocation:
      canonical &&
      dialect.formatVersioned(canonical.source.path, canonical.version, canonical.spec, { signed }),
    wish,
  })
  const orderOf = ({ image: { request, signed } }: ServePlan, wish: Wish | undefined): KnownOrder => ({
    request,
    wish,
    frame: (headline) => framing(signed, wish, headline),
  })
  /** Of plans that depend on nothing but their path. */
  const settled = new WeakMap<ServePlan, KnownOrder>()

  return function findKnown(request, env) {
    const plan = plans.find(routingPath(request, env))
    if (plan?.kind !== 'serve') return undefined
    if (isAutoRequest(plan.image.request)) return orderOf(plan, readWish(request.headers))
    const order = settled.get(plan) ?? orderOf(plan, undefined)
    settled.set(plan, order)
    return order
  }
}

function findFirst(
  dialects: readonly FindKnown[],
  request: Request,
  env: AppEnv['Bindings'] | undefined,
): KnownOrder | undefined {
  for (const find of dialects) {
    const order = find(request, env)
    if (order !== undefined) return order
  }
  return undefined
}

function createHeads(found: Answer, { wish, keep, frame }: KnownOrder): Heads {
  const answer = keep ? keep(found) : found
  const framing = frame(answer, answer.layer)
  return {
    whole: pictureHeaders(answer, framing),
    notModified: headlineHeaders(answer, framing),
    cacheClass: sentClass(answer.cacheClass, wish),
  }
}
