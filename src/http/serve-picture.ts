import type { Context, Handler, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { cacheTags } from '../cdn/cache-tags.ts'
import { readCoding } from '../coding/coding.ts'
import { GatewayError, isVerdict } from '../errors.ts'
import { ACCESS_COOKIE, type AccessGrant, parseAccessCookie } from '../identity/access-links.ts'
import { createVisitor, type Visit, type VisitorsOptions } from '../identity/visitor.ts'
import type { Limits } from '../limits/limits.ts'
import type { OffLadderBudget } from '../limits/off-ladder-budget.ts'
import { limitedAddress } from '../limits/client-address.ts'
import { spend } from '../limits/spend.ts'
import { isDrawing } from '../transform/spec.ts'
import type { Acceptance } from '../transform/negotiation.ts'
import type { ImageRequest } from '../urls/image-request.ts'
import type {
  Answer,
  Asking,
  Delivered,
  DeliverOptions,
  Headline,
  OffLadder,
  Requester,
} from '../variants/answer.ts'
import type { NegotiatedDelivery } from '../variants/negotiated-delivery.ts'
import type { Visitor } from '../variants/visitor.ts'
import { conditionsOf, isNotModified } from './conditional.ts'
import { withDeadline } from './deadline.ts'
import type { AppEnv } from './env.ts'
import { acceptanceIn, type Wish } from './negotiation.ts'
import {
  codedAnswer,
  codedHeadline,
  type Framing,
  notModifiedAnswer,
  pictureAnswer,
} from './picture-answer.ts'

/** What serving a picture takes, in whichever dialect it was asked for. */
export interface ServingOptions extends VisitorsOptions {
  readonly delivery: NegotiatedDelivery
  /** Decides what somebody may have where it is not tokens and links of ours that do. */
  readonly receive?: ((visit: Visit) => Visitor) | undefined
  readonly requestTimeoutMs: number
  /** The client's address, by what stands before the gateway; without it the other end of the socket. */
  readonly readClientAddress?: (headers: Headers, socketAddress: string | undefined) => string | undefined
  /** What turns are shared out by, beside clients and sources; the native dialect unless given. */
  readonly dialectName?: string | undefined
  /** How many pictures that are not public may be made for somebody; without it as many as they like. */
  readonly limits?: Limits | undefined
  /** What is made in sizes off the ladder; without it nothing. */
  readonly offLadder?: OffLadderBudget | undefined
}

/** Whoever sent a request, and what they may have made in sizes off the ladder. */
export interface AskingWithin extends Asking {
  readonly budget: () => OffLadder | undefined
}

/** A picture that somebody asks for, and what is said of it. */
export interface PictureOrder extends Pick<DeliverOptions, 'mayRender' | 'isSigned'> {
  readonly request: ImageRequest
  /** Whether it may be rendered all the same, within the budget for sizes off the ladder. */
  readonly isBudgeted: boolean
  /** What its format is negotiated by, where it is. */
  readonly wish: Wish | undefined
  /** What it is negotiated by where it depends on no request. */
  readonly acceptance?: Acceptance | undefined
  /** Decides how long an answer is kept where its address is not told to the edge; without it nothing is changed. */
  readonly keep?: (<Kept extends Headline>(answer: Kept) => Kept) | undefined
  /** What is said of an answer beside its picture; without a layer it is not known where that is. */
  readonly frame: (headline: Headline, layer?: Answer['layer']) => Framing
}

/** Runs `work` for whoever sent the request, for as long as they and the deadline wait; a link of theirs is in `grant`. */
export async function withVisitor(
  options: ServingOptions,
  c: Context<AppEnv>,
  grant: AccessGrant | undefined,
  work: (asking: AskingWithin) => Promise<Response>,
): Promise<Response> {
  const { receive = (visit: Visit) => createVisitor(options, visit) } = options
  const visit = visitOf(options, c, grant)
  const visitor = receive(visit)
  const requester = requesterOf(options, c, visit)
  const budget = () => options.offLadder?.of({ ...visit, setHeader: setHeaderOf(c) })
  return withDeadline(c.req.raw.signal, options.requestTimeoutMs, (signal) =>
    work({ visitor, requester, budget, signal }),
  )
}

/** Answers with the picture, with 304 where the client has it, or says where a versioned path is now. */
export async function servePicture(
  delivery: NegotiatedDelivery,
  c: Context<AppEnv>,
  { request, frame, ...order }: PictureOrder,
  { budget, ...asking }: AskingWithin,
): Promise<Response | Extract<Delivered, { moved: unknown }>> {
  const { wish, isSigned, keep = unchanged } = order
  if (wish !== undefined) c.set('wish', wish)
  const acceptance = acceptanceIn(order)
  const conditions = conditionsOf(c.req.raw.headers)
  // Pictures are compressed as they are.
  const coding = isDrawing(request.spec) ? readCoding(c.req.raw.headers.get('accept-encoding')) : undefined
  try {
    const found = conditions && (await delivery.headline(request, acceptance, asking))
    const headline = found && codedHeadline(keep(found), coding)
    if (headline && isNotModified(conditions, headline)) {
      return notModifiedAnswer(c, headline, frame(headline))
    }
    const offLadder = order.isBudgeted ? budget() : undefined
    const mayRender = order.mayRender || offLadder !== undefined
    const options = { ...asking, mayRender, offLadder, isSigned }
    const result = await delivery.deliver(request, acceptance, options)
    if ('moved' in result) return result
    const delivered = await codedAnswer(keep(result), coding)
    // Of a 304 too: the log and the metrics count it as what it is.
    c.set('layer', delivered.layer)
    const framing = frame(delivered, delivered.layer)
    return conditions && isNotModified(conditions, delivered)
      ? notModifiedAnswer(c, delivered, framing)
      : pictureAnswer(c, delivered, framing)
  } catch (error) {
    // What is wrong with a cover is wrong with its photo, and over when that is replaced.
    if (isVerdict(error)) c.set('tags', cacheTags(delivery.knownPath(request)))
    throw error
  }
}

const unchanged = <Kept>(answer: Kept): Kept => answer

const IMAGE_METHODS = 'GET, HEAD, OPTIONS'

/** Any page may read pictures with `fetch` or draw them on a canvas. */
const preflight = {
  allow: IMAGE_METHODS,
  'access-control-allow-origin': '*',
  'access-control-allow-methods': IMAGE_METHODS,
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
  'cache-control': CACHE_CONTROL.H,
}

/** Gives a route of pictures its methods, and refuses all others. */
export function routePictures(app: Hono<AppEnv>, route: string, serve: Handler<AppEnv>): void {
  app.get(route, serve)
  app.options(route, (c) => c.body(null, 204, preflight))
  app.all(route, (c) => {
    c.header('allow', IMAGE_METHODS)
    throw new GatewayError('method_not_allowed', `Pictures are read with ${IMAGE_METHODS}`)
  })
}

function visitOf(
  { readClientAddress = (_, address) => address, limits }: ServingOptions,
  c: Context<AppEnv>,
  grant: AccessGrant | undefined,
): Visit {
  const address = readClientAddress(c.req.raw.headers, c.env?.incoming?.socket?.remoteAddress)
  const setHeader = setHeaderOf(c)
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

/** Urgency 7 of RFC 9218, "background". Whoever says so is believed: it only ever lowers. */
const BACKGROUND = /(?:^|,)[ \t]*u=7[ \t]*(?:[,;]|$)/

function requesterOf(
  { dialectName: dialect = 'native' }: ServingOptions,
  c: Context<AppEnv>,
  { address }: Visit,
): Requester {
  const isBackground = BACKGROUND.test(c.req.raw.headers.get('priority') ?? '')
  return { dialect, client: address && limitedAddress(address), isBackground }
}

/** On the answer to be: `c.header` is for those that the context itself makes. */
function setHeaderOf(c: Context<AppEnv>) {
  return (name: string, value: string) => c.res.headers.set(name, value)
}
