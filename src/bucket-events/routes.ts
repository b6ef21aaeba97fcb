import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { isOriginSecret } from '../cdn/origin-secret.ts'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { AppEnv } from '../http/env.ts'
import type { BucketEvents } from './bucket-events.ts'
import type { SnsTopic } from './sns-message.ts'

/** The header that says the shared secret: an API destination of EventBridge adds it. */
export const EVENTS_SECRET_HEADER = 'x-halftone-events'

export interface EventRoutesOptions {
  readonly events: BucketEvents
  /** What may stand in `x-halftone-events`; none: nobody is believed without a signature. */
  readonly secrets: readonly string[]
  /** The topic of SNS that may send; without one none may. */
  readonly topic?: SnsTopic | undefined
  /** Called when the topic has been told that it may send. */
  readonly onConfirmed: () => void
}

/** Longer than any message of SNS or EventBridge. */
const MAX_BYTES = 300_000

/** `POST /s3`: what SNS and EventBridge tell of the bucket. Answered when it is purged, so that they send it again if not. */
export function createEventRoutes(options: EventRoutesOptions): Hono<AppEnv> {
  const limit = bodyLimit({
    maxSize: MAX_BYTES,
    onError: () => {
      throw new GatewayError('body_too_large', `A notification has at most ${MAX_BYTES} bytes`)
    },
  })
  const app = new Hono<AppEnv>()
  app.post('/s3', limit, async (c) => {
    const notification = await readNotification(c, options)
    if (notification !== undefined) await options.events.take(options.events.read(notification))
    return c.body(null, 204, { 'cache-control': CACHE_CONTROL.P })
  })
  app.all('/s3', (c) => {
    c.header('allow', 'POST')
    throw new GatewayError('method_not_allowed', 'Here there is POST')
  })
  return app
}

/** The notification of whoever may send one; nothing where SNS only asks whether it may. */
async function readNotification(
  c: Context<AppEnv>,
  { secrets, topic, onConfirmed }: EventRoutesOptions,
): Promise<string | undefined> {
  if (c.req.header('x-amz-sns-message-type') === undefined) {
    if (!isOriginSecret(c.req.header(EVENTS_SECRET_HEADER) ?? null, secrets))
      throw new GatewayError('access_denied', `${EVENTS_SECRET_HEADER}: says none of the secrets`)
    return c.req.text()
  }
  if (topic === undefined) throw new GatewayError('access_denied', 'No topic of SNS is listened to')
  const message = await topic.prove(await c.req.text())
  if (message.Type === 'Notification') return message.Message
  if (message.Type === 'SubscriptionConfirmation') {
    await topic.confirm(message)
    onConfirmed()
  }
  return undefined
}
