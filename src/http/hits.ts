import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Answer, Delivery } from '../variants/delivery.ts'
import { conditionsOf, isNotModified } from './conditional.ts'
import { type AppEnv, routingPath } from './env.ts'
import type { Plans } from './images.ts'
import type { Recorder } from './observe.ts'
import { headlineHeaders, pictureHeaders } from './picture-answer.ts'

export interface HitsOptions {
  readonly plans: Plans
  readonly delivery: Delivery
  readonly dialect: NativeDialect
  readonly recorder: Recorder
}

/** The headers of an answer. */
interface Heads {
  readonly whole: Record<string, string>
  readonly notModified: Record<string, string>
}

/**
 * Answers what memory has, before any routing and without waiting: a hit then costs little more than its bytes. A GET
 * of the whole picture at a path that has been asked for before; `undefined` for everything else.
 */
export function answerHits(
  options: HitsOptions,
): (request: Request, env?: AppEnv['Bindings']) => Response | undefined {
  const { plans, delivery, recorder } = options
  const known = new WeakMap<Answer, Heads>()

  return function answerHit(request, env) {
    if (request.method !== 'GET') return undefined
    const path = routingPath(request, env)
    const plan = plans.find(path)
    if (plan?.kind !== 'serve') return undefined
    const { headers } = request
    if (headers.has('range')) return undefined
    const startedAt = performance.now()
    const answer = delivery.fromMemory(plan.image.request)
    if (answer === undefined) return undefined

    const heads = known.get(answer) ?? createHeads(options.dialect, plan.image.signed, answer)
    known.set(answer, heads)
    const conditions = conditionsOf(headers)
    const status = conditions !== undefined && isNotModified(conditions, answer) ? 304 : 200
    recorder.record({
      id: recorder.nextId(),
      method: 'GET',
      path,
      status,
      ms: performance.now() - startedAt,
      layer: answer.layer,
      cacheClass: answer.cacheClass,
      cdnId: headers.get('x-amz-cf-id') ?? undefined,
    })
    return status === 304
      ? new Response(null, { status, headers: heads.notModified })
      : new Response(answer.variant.bytes, { status, headers: heads.whole })
  }
}

function createHeads(dialect: NativeDialect, signed: boolean, answer: Answer): Heads {
  const { canonical } = answer
  const location =
    canonical && dialect.formatVersioned(canonical.source.path, canonical.version, canonical.spec, { signed })
  return { whole: pictureHeaders(answer, location), notModified: headlineHeaders(answer, location) }
}
