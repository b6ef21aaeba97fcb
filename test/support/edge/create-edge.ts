import { answerViewer, singleRange } from './answer.ts'
import { compressing, withCoding } from './compression.ts'
import type {
  Edge,
  EdgeAnswer,
  EdgeBehavior,
  EdgeOptions,
  EdgeRequest,
  EdgeResult,
  EdgeRules,
} from './edge.ts'
import { parseInvalidation } from './invalidation.ts'
import { edgeKey, pathPattern, splitTarget, withoutSignature } from './key.ts'
import { Layer } from './layer.ts'
import { logLine } from './logs.ts'
import { originRequest } from './origin-request.ts'
import { createOrigins } from './origins.ts'
import { BELIEVED } from './rules.ts'
import type { Reply, Upstream, Visit } from './visit.ts'

const LOCATIONS = ['FRA56-P1', 'IAD89-P2']
const SHIELD = 'shield'
const MAX_TARGET = 8192

/** A distribution of its own, with nothing in its caches. */
export function createEdge(options: EdgeOptions): Edge {
  const { clock, shield = false, errorTtlS = {}, tagHeader, capacityBytes, log } = options
  const rules: EdgeRules = { ...BELIEVED, ...options.rules }
  const origins = createOrigins(options.origins)
  const fromOrigins = compressing(origins.ask)
  const common = { clock, rules, errorTtlS, tagHeader, capacityBytes }
  const shields = shield ? [new Layer({ ...common, name: SHIELD, upstream: fromOrigins })] : []
  const [first] = shields
  const upstream = first === undefined ? fromOrigins : below(first)
  const locations = new Map(
    (options.locations ?? LOCATIONS).map((name) => [name, new Layer({ ...common, name, upstream })]),
  )
  const layers = [...locations.values(), ...shields]
  const findBehavior = behaviorFinder(options.behaviors)
  let requests = 0

  return {
    async view(location, viewer) {
      const layer = locations.get(location)
      if (layer === undefined) throw new RangeError(`There is no edge location ${location}`)
      const startedAt = clock()
      const requestId = `edge-${++requests}`
      const behavior = findBehavior(viewer.target)
      const request = behavior.viewerRequest?.(viewer) ?? viewer
      const reply = refused(request) ?? (await layer.ask(visitOf(request, behavior, rules)))
      const answer = answerViewer(request, reply.answer)
      const result = resultOf(reply, answer)
      const seen = dressed({ ...answer }, { reply, result, behavior, location, requestId, rules })
      const detailed = result === 'Miss' && reply.from === SHIELD ? 'OriginShieldHit' : result
      const endedAt = clock()
      log?.(logLine({ location, request, answer: seen, result, detailed, requestId, startedAt, endedAt }))
      return seen
    },
    invalidate(items) {
      const isMeant = parseInvalidation(items)
      for (const layer of layers) layer.forget(isMeant)
    },
    asked: (origin) => origins.asked(origin),
    async settled() {
      // What a location waits for may be in the air in the shield: locations come first.
      for (const layer of layers) await layer.settled()
    },
    held: () => layers.flatMap((layer) => layer.held()),
  }
}

function behaviorFinder(behaviors: readonly EdgeBehavior[]): (target: string) => EdgeBehavior {
  const patterns = behaviors.map((behavior) => ({ behavior, pattern: pathPattern(behavior.pattern) }))
  return (target) => {
    const found = patterns.find(({ pattern }) => pattern.test(splitTarget(target).path))
    if (found === undefined) throw new RangeError(`No behaviour for ${target}`)
    return found.behavior
  }
}

/** Another layer as the place to ask: it gives the whole, and who has the same already is told so. */
function below(layer: Layer): Upstream {
  return async (visit, copy) => {
    const given = await layer.ask(visit)
    // What was found here is a miss where it was looked for first.
    const reply: Reply = { ...given, result: 'Miss' }
    const { etag } = given.answer.headers
    const isSame = given.answer.status === 200 && etag !== undefined && etag === copy?.answer.headers['etag']
    return isSame ? { ...reply, answer: { ...given.answer, status: 304 } } : reply
  }
}

function visitOf(viewer: EdgeRequest, behavior: EdgeBehavior, rules: EdgeRules): Visit {
  const request = withCoding(withoutSignature(viewer, behavior, rules), behavior)
  // With a condition on the range the whole is fetched, and cut here.
  const range = request.headers['if-range'] === undefined ? singleRange(request) : undefined
  return { behavior, ...edgeKey(request, behavior), request: originRequest(request, behavior), range }
}

function refused({ target }: EdgeRequest): Reply | undefined {
  if (target.length <= MAX_TARGET) return undefined
  const answer = { status: 414, headers: { 'content-length': '0' }, body: Buffer.alloc(0) }
  return { answer, ageMs: 0, result: 'Error', from: 'edge', isUnreachable: false }
}

const resultOf = ({ result }: Reply, { status }: EdgeAnswer): EdgeResult => (status >= 400 ? 'Error' : result)

interface Circumstances {
  readonly reply: Reply
  readonly result: EdgeResult
  readonly behavior: EdgeBehavior
  readonly location: string
  readonly requestId: string
  readonly rules: EdgeRules
}

/** The answer with what the edge says of itself, and without what viewers are not to see. */
function dressed(answer: EdgeAnswer, at: Circumstances): EdgeAnswer {
  const { reply, result, behavior, rules } = at
  const isFromCache = reply.from !== 'origin' && reply.from !== 'edge'
  const { vary, ...others } = answer.headers
  const headers: Record<string, string> = {
    ...others,
    ...visibleVary(vary, behavior),
    ...(isFromCache ? { age: `${Math.floor(reply.ageMs / 1000)}` } : {}),
    via: '1.1 edge.test (CloudFront)',
    'x-cache': `${result} from cloudfront`,
    'x-amz-cf-pop': at.location,
    'x-amz-cf-id': at.requestId,
  }
  for (const name of behavior.removeHeaders ?? []) {
    if (name !== 'age' || rules.ageRemovable) delete headers[name]
  }
  return { ...answer, headers }
}

/** Of `Vary` viewers see `Accept-Encoding`, `Cookie`, and what the behaviour forwards. */
function visibleVary(vary: string | undefined, behavior: EdgeBehavior): { vary?: string } {
  if (vary === undefined) return {}
  const { keyHeaders = [], forwardHeaders = [] } = behavior
  const names = vary.split(',').map((name) => name.trim())
  const shown = names.filter((name) => {
    const lower = name.toLowerCase()
    const isForwarded = forwardHeaders === 'all' || forwardHeaders.includes(lower)
    return ['accept-encoding', 'cookie'].includes(lower) || isForwarded || keyHeaders.includes(lower)
  })
  return shown.length === 0 ? {} : { vary: shown.join(', ') }
}
