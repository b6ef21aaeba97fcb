import type { CacheClass } from '../cdn/cache-policy.ts'
import { DRAWING_TYPE } from '../transform/spec.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import { isAutoRequest } from '../urls/image-request.ts'
import type { Answer } from '../variants/answer.ts'
import type { NegotiatedDelivery } from '../variants/negotiated-delivery.ts'
import { conditionsOf, isNotModified } from './conditional.ts'
import { type AppEnv, routingPath } from './env.ts'
import type { Plans } from './images.ts'
import type { Recorder } from './observe.ts'
import { ANY_WISH, type ReadWish, sentClass, type Wish } from './negotiation.ts'
import { headlineHeaders, pictureHeaders } from './picture-answer.ts'

export interface HitsOptions {
  readonly plans: Plans
  readonly delivery: NegotiatedDelivery
  readonly readWish: ReadWish
  readonly dialect: NativeDialect
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
  const { plans, delivery, readWish, recorder } = options
  const known = new WeakMap<Answer, Heads>()
  const knownToEdge = new WeakMap<Answer, Heads>()

  return function answerHit(request, env) {
    if (request.method !== 'GET') return undefined
    const path = routingPath(request, env)
    const plan = plans.find(path)
    if (plan?.kind !== 'serve') return undefined
    const { headers } = request
    if (headers.has('range')) return undefined
    const startedAt = performance.now()
    const { request: asked, signed } = plan.image
    const wish = isAutoRequest(asked) ? readWish(headers) : undefined
    const answer = delivery.fromMemory(asked, (wish ?? ANY_WISH).acceptance)
    // A drawing is compressed for whoever takes it so, and that is waited for.
    if (answer === undefined || answer.variant.contentType === DRAWING_TYPE) return undefined

    // An answer belongs to one path: but to `auto` it is given in two classes.
    const headsOf = wish?.keyed ? knownToEdge : known
    const heads = headsOf.get(answer) ?? createHeads(options.dialect, signed, answer, wish)
    headsOf.set(answer, heads)
    const conditions = conditionsOf(headers)
    const status = conditions !== undefined && isNotModified(conditions, answer) ? 304 : 200
    recorder.record({
      id: recorder.nextId(),
      method: 'GET',
      path,
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

function createHeads(dialect: NativeDialect, signed: boolean, answer: Answer, wish: Wish | undefined): Heads {
  const { canonical } = answer
  const contentLocation =
    canonical && dialect.formatVersioned(canonical.source.path, canonical.version, canonical.spec, { signed })
  const framing = { contentLocation, wish }
  return {
    whole: pictureHeaders(answer, framing),
    notModified: headlineHeaders(answer, framing),
    cacheClass: sentClass(answer.cacheClass, wish),
  }
}
