import { createHmac } from 'node:crypto'
import type { MediaEvent } from './media-event.ts'

export interface WebhookOptions {
  readonly url: string
  /** `whsec_` and a key in base64; each signs, so that a receiver may know any of them. */
  readonly secrets: readonly string[]
  /** For one delivery. */
  readonly timeoutMs: number
}

export type Delivery =
  | { readonly outcome: 'delivered' }
  | {
      readonly outcome: 'failed'
      /** For the log and whoever lists the outbox. */
      readonly reason: string
      /** How long the receiver wants to be left alone. */
      readonly retryAfterMs?: number | undefined
    }

/** Tells one receiver of an event; whether it has taken it is returned, whatever goes wrong on the way. */
export type Deliver = (event: MediaEvent, atMs: number) => Promise<Delivery>

/** The longest time that a receiver may ask for. */
const MAX_RETRY_AFTER_S = 86_400

/** Deliveries by POST as Standard Webhooks 1.0 has them: JSON with `type`, `timestamp` and `data`, signed with every secret. */
export function createWebhook({ url, secrets, timeoutMs }: WebhookOptions): Deliver {
  return async function deliver(event, atMs) {
    const body = formatPayload(event)
    const late = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'halftone',
          ...signatureHeaders(event.id, Math.floor(atMs / 1000), body, secrets),
        },
        // Where the operator's address sends us is none of the operator's addresses.
        redirect: 'manual',
        signal: late,
      })
      await response.body?.cancel()
      return verdictOn(response)
    } catch (error) {
      return {
        outcome: 'failed',
        reason: late.aborted ? `No answer within ${timeoutMs} ms` : reasonOf(error),
      }
    }
  }
}

/** What receivers get. The id is in it too, for those who keep bodies without headers. */
function formatPayload({ id, type, at, object, revision, by, detail }: MediaEvent): string {
  return JSON.stringify({ type, timestamp: at, data: { id, object, revision, by, ...detail } })
}

/** The three headers of Standard Webhooks: HMAC-SHA-256 over id, time and body, once with each secret. */
export function signatureHeaders(
  id: string,
  timestamp: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

function verdictOn({ ok, status, headers }: Response): Delivery {
  if (ok) return { outcome: 'delivered' }
  const asked = /^\d{1,9}$/.exec(headers.get('retry-after') ?? '')?.[0]
  const retryAfterMs = asked === undefined ? undefined : Math.min(Number(asked), MAX_RETRY_AFTER_S) * 1000
  return { outcome: 'failed', reason: `The receiver answered ${status}`, retryAfterMs }
}

/** What went wrong on the way; fetch hides it in a cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
