import type { Context, Handler } from 'hono'
import { type EdgePolicy, untold } from '../cdn/cache-policy.ts'
import { cacheTags } from '../cdn/cache-tags.ts'
import { WARNINGS } from '../cloudflare/parse-options.ts'
import { GatewayError } from '../errors.ts'
import { type AppEnv, hostOf, rawQuery, rawTarget } from '../http/env.ts'
import type { FindKnown, KnownOrder } from '../http/hits.ts'
import { ANY_WISH, type ReadWish, type Wish } from '../http/negotiation.ts'
import type { Framing } from '../http/picture-answer.ts'
import {
  type PictureOrder,
  type AskingWithin,
  servePicture,
  type ServingOptions,
  withVisitor,
} from '../http/serve-picture.ts'
import { parseAccessGrant } from '../identity/access-links.ts'
import { isMarked } from '../remote/fetch-remote.ts'
import type { Source } from '../sources/source.ts'
import type { Sources } from '../sources/sources.ts'
import { PLAIN_ACCEPTANCE } from '../transform/negotiation.ts'
import { isDrawing } from '../transform/spec.ts'
import { type ImageRequest, isAutoRequest, type SourcePath } from '../urls/image-request.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import type { Answer, Headline } from '../variants/answer.ts'
import type { Faces, FoundFace } from './faces.ts'
import { HINT_HEADERS } from './hints.ts'
import {
  type CloudflareAsking,
  type CloudflarePlan,
  type CloudflarePlans,
  type Place,
  warningOf,
} from './plans.ts'

/** What serving a picture by a plan takes. */
export interface PlanServingOptions extends ServingOptions {
  readonly sources: Pick<Sources, 'find' | 'remembered'>
  readonly native: Pick<NativeDialect, 'formatVersioned'>
  readonly readWish: ReadWish
  readonly edge: Pick<EdgePolicy, 'purges'>
  /** Where faces are; without it nobody looks for them. */
  readonly faces?: Faces | undefined
  /** Decides how long answers are kept, where that is not as everywhere. */
  readonly keep?: PictureOrder['keep']
}

export interface CloudflareServingOptions extends PlanServingOptions {
  readonly plans: CloudflarePlans
}

/** Whether an image resizer asks, which may be this one. */
const isResizer = ({ headers }: Request) => isMarked(headers.get('via'))

/** Pictures by Cloudflare's URLs, all that was not answered as a hit. */
export function serveCloudflare(options: CloudflareServingOptions): Handler<AppEnv> {
  return async function cloudflare(c) {
    if (isResizer(c.req.raw)) {
      throw new GatewayError('source_loop', 'A picture is asked for in order to make another one of it')
    }
    const plan = options.plans.get(askingOf(c.req.raw, c.env))
    if (plan === undefined) throw new GatewayError('route_not_found', 'Options and a source are needed')
    const ignoresLinks = c.get('ignoresLinks') === true
    const grant = ignoresLinks ? undefined : parseAccessGrant(rawQuery(c.req.raw, c.env))
    return withVisitor(options, c, grant, async (asking) => servePlan(options, c, plan, asking))
  }
}

/** What is known of targets that have been asked for before. */
export function knownToCloudflare(options: CloudflareServingOptions): FindKnown {
  const { plans, sources } = options
  return function findKnown(request, env) {
    const plan = isResizer(request) ? undefined : plans.find(askingOf(request, env))
    for (const place of plan?.places ?? []) {
      const found = sources.remembered(place.source)
      if (plan === undefined || found === undefined) return undefined
      const { source } = found
      if (source === undefined) continue
      const settled = facedBefore(options, { plan, place }, source)
      return settled && orderAt(options, settled.plan, chosen(settled.place, source), request.headers)
    }
    return undefined
  }
}

function askingOf(request: Request, env: AppEnv['Bindings'] | undefined): CloudflareAsking {
  return { target: rawTarget(request, env), host: hostOf(request), headers: request.headers }
}

/** Answers with what a plan comes to; the first place that has something decides. */
export async function servePlan(
  options: PlanServingOptions,
  c: Context<AppEnv>,
  plan: CloudflarePlan,
  asking: AskingWithin,
): Promise<Response> {
  const last = plan.places.at(-1)
  for (const place of plan.places) {
    try {
      return await serveAt(options, c, { plan, place }, asking)
    } catch (error) {
      if (place === last || !isAbsent(error)) throw error
    }
  }
  throw new GatewayError('source_not_found', 'There is no such picture')
}

/** One of the places of a plan. */
interface Planned {
  readonly plan: CloudflarePlan
  readonly place: Place
}

async function serveAt(
  options: PlanServingOptions,
  c: Context<AppEnv>,
  planned: Planned,
  asking: AskingWithin,
): Promise<Response> {
  const at = planned.place.source
  c.set('tags', cacheTags(at))
  const { source } = await options.sources.find(at, asking)
  const isOfFace = planned.plan.facing !== undefined && source !== undefined && !isDrawn(source)
  const face = isOfFace ? await options.faces?.find(at, asking) : undefined
  const { plan, place } = facing(planned, face)
  const order = orderAt(options, plan, chosen(place, source), c.req.raw.headers)
  const mayRender = plan.outcome === 'allowed' || isDrawing(order.request.spec)
  const isBudgeted = plan.outcome === 'budgeted' || (mayRender && isOfManyAddresses(place.source))
  const served = await servePicture(options.delivery, c, { ...order, mayRender, isBudgeted }, asking)
  if (served instanceof Response) return served
  throw new GatewayError('internal', 'A target without a version cannot have moved')
}

function facing({ plan, place }: Planned, face: FoundFace | undefined): Planned {
  const settled = face && plan.facing?.(face)
  const same = settled?.places[plan.places.indexOf(place)]
  return settled && same ? { plan: settled, place: same } : { plan, place }
}

/** The same with the face that is known of a source; `undefined` where it has to be looked for. */
function facedBefore({ faces }: PlanServingOptions, planned: Planned, source: Source): Planned | undefined {
  if (planned.plan.facing === undefined || isDrawn(source)) return planned
  const face = faces?.remembered(source)
  return face && facing(planned, face)
}

/** What is behind the `?` strangers choose as they like: the same picture has as many addresses as they want. */
const isOfManyAddresses = (path: SourcePath) => path.shape === 'remote' && new URL(path.url).search !== ''

const isAbsent = (error: unknown) => error instanceof GatewayError && error.code === 'source_not_found'

const SVG_TYPE = /^image\/svg\+xml(?:;|$)/i
const UNTOLD_TYPE = /^(?:application|binary)\/octet-stream$/i

function chosen(place: Place, source: Source | undefined): ImageRequest {
  return source !== undefined && isDrawn(source) ? place.drawing : place.picture
}

/** By what is said of it: nobody has read its bytes yet. */
function isDrawn({ contentType, key }: Source): boolean {
  return SVG_TYPE.test(contentType) || (UNTOLD_TYPE.test(contentType) && /\.svgz?$/i.test(key))
}

function orderAt(
  { native, readWish, edge, keep, delivery }: PlanServingOptions,
  plan: CloudflarePlan,
  request: ImageRequest,
  headers: Headers,
): KnownOrder {
  const wish = wishOf(plan, request, () => readWish(headers))
  const isLimited = () =>
    plan.isNegotiated && wish !== undefined && delivery.isTooLargeForAvif(request, wish.acceptance)
  return {
    request,
    wish,
    acceptance: PLAIN_ACCEPTANCE,
    // An edge that is told of paths is told of native ones alone.
    keep: keep ?? (edge.purges === 'paths' ? untold : undefined),
    // Whether it could be AVIF is known of one client, and unknown of another who gets the same picture.
    kind: () => (isLimited() ? 'too-large-for-avif' : undefined),
    frame: (headline, layer) => framingOf(native, plan, wish, { headline, layer, isLimited: isLimited() }),
  }
}

/** What an answer depends on beside its target; `undefined` where that is nothing. */
function wishOf(plan: CloudflarePlan, request: ImageRequest, read: () => Wish): Wish | undefined {
  if (isDrawing(request.spec)) return undefined
  const isNegotiated = plan.isNegotiated && isAutoRequest(request)
  // The edge keys on no hint.
  if (plan.dependsOnHints) {
    const acceptance = isNegotiated ? read().acceptance : PLAIN_ACCEPTANCE
    return isAutoRequest(request) ? { acceptance, keyed: false } : ANY_WISH
  }
  return isNegotiated ? read() : undefined
}

/** What is told of an answer. */
interface Framed {
  readonly headline: Headline
  readonly layer: Answer['layer'] | undefined
  /** Whether it is of another format than AVIF because of its size. */
  readonly isLimited: boolean
}

function framingOf(
  native: Pick<NativeDialect, 'formatVersioned'>,
  plan: CloudflarePlan,
  wish: Wish | undefined,
  { headline, layer, isLimited }: Framed,
): Framing {
  const { canonical } = headline
  const { warnings, dependsOnHints, isNegotiated } = plan
  const warning = warningOf(isLimited ? [...warnings, WARNINGS.avif] : warnings)
  const isNative = plan.isNative && canonical?.source.shape !== 'remote'
  const isHinted = dependsOnHints && wish !== undefined
  const vary = isHinted ? `${isNegotiated ? 'Accept, ' : ''}${HINT_HEADERS}` : undefined
  return {
    contentLocation:
      canonical && isNative
        ? native.formatVersioned(canonical.source.path, canonical.version, canonical.spec)
        : undefined,
    wish,
    extra: {
      'cf-resized': layer === undefined || layer === 'memory' ? 'internal=ok/h' : `internal=ok/m by=${layer}`,
      ...(vary !== undefined && { vary }),
      ...(warning !== undefined && { warning }),
    },
  }
}
