import { type Handler, Hono } from 'hono'
import type { EdgePolicy } from '../cdn/cache-policy.ts'
import { createErrorAnswer } from '../cloudflare-delivery/error-answer.ts'
import { ERROR_NUMBERS } from '../cloudflare-delivery/error-numbers.ts'
import { readHints } from '../cloudflare-delivery/hints.ts'
import { planFor, rulingOn } from '../cloudflare-delivery/plans.ts'
import { type PlanServingOptions, servePlan } from '../cloudflare-delivery/serve.ts'
import type { MountedDialect } from '../http/app.ts'
import { withDeadline } from '../http/deadline.ts'
import { type AppEnv, rawQuery } from '../http/env.ts'
import { routePictures, withVisitor } from '../http/serve-picture.ts'
import type { Visit } from '../identity/visitor.ts'
import type { Source } from '../sources/source.ts'
import type { SizePolicy } from '../transform/size-policy.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Headline } from '../variants/answer.ts'
import { DeliveryOrders, type DeliveryOrdersOptions } from './delivery-orders.ts'
import { DELIVERY_PREFIX, isDeliveryPath } from './delivery-target.ts'
import { createDeliveryVisitor } from './delivery-visitor.ts'
import { keep } from './kept-answers.ts'

export interface HostedDeliveryOptions extends DeliveryOrdersOptions, PlanServingOptions {
  readonly sizes: SizePolicy
  /** What is decided about the edge. */
  readonly edge: EdgePolicy
}

/** What is not there has another number than under `/cdn-cgi/image/`. */
const NUMBERS = { ...ERROR_NUMBERS, source_not_found: { number: 9431, status: 404 } }

/** Hosted images, `/cdn-cgi/imagedelivery/{account}/{id}/{variant}` and `/{account}/{id}/{variant}`. */
export function createHostedDelivery(options: HostedDeliveryOptions): MountedDialect {
  const { accountHash } = options
  const routes = new Hono<AppEnv>()
  // Nobody is sent to the file itself, whatever is wrong.
  routes.onError(createErrorAnswer({ mounts: [] }, NUMBERS))
  const serve = serveHosted({ ...options, dialectName: 'imagedelivery' }, new DeliveryOrders(options))
  for (const mount of [DELIVERY_PREFIX, `/${accountHash}`]) routePictures(routes, `${mount}/*`, serve)
  return {
    name: 'imagedelivery',
    routes,
    owns: (path) => isDeliveryPath(path, accountHash),
    // What is remembered of a picture says nothing of the variant's flags and the signature.
    findKnown: () => undefined,
  }
}

/** The same, and tells what was found. */
const noting = (visit: Visit, note: (found: Source) => unknown): Visit => ({
  ...visit,
  onFound(found) {
    note(found)
    visit.onFound?.(found)
  },
})

function serveHosted(options: HostedDeliveryOptions, orders: DeliveryOrders): Handler<AppEnv> {
  const { sizes, edge, now, requestTimeoutMs } = options
  return async function hosted(c) {
    const { signal: client, headers } = c.req.raw
    const asked = { path: c.req.path, query: rawQuery(c.req.raw, c.env), hints: readHints(headers) }
    const order = await withDeadline(client, requestTimeoutMs, async (signal) => orders.read(asked, signal))
    const { itemId, variant, right } = order
    const source = { shape: 'item-cover', path: `items/${itemId}`, itemId } as const
    let shown: SourcePath = source
    const asStrangers = planFor(order.asked, [source], (each) => rulingOn(each, sizes))
    // A variant's size is the operator's own.
    const plan = variant === undefined ? asStrangers : { ...asStrangers, outcome: 'allowed' as const }
    const serving = {
      ...options,
      keep: <Kept extends Headline>(answer: Kept) => keep(answer, { ...order, shown, edge, now }),
      receive: (visit: Visit) =>
        createDeliveryVisitor(
          options,
          noting(visit, ({ at }) => (shown = at)),
          right,
        ),
    }
    return withVisitor(serving, c, undefined, async (asking) => servePlan(serving, c, plan, asking))
  }
}
