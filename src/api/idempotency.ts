import { createHash, randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { type Condition, putSettled } from '../leases/put-settled.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { type ApiEnv, principalOf } from './env.ts'

/** Where what was answered to a key lies; the sweep removes it a day later. */
export const IDEMPOTENCY_PREFIX = 'system/idempotency/'

const KEY = /^[\x21-\x7e]{1,255}$/
const DAY_MS = 86_400_000
/** Longer than such a request lasts, with the ten minutes that a form may take to come: who holds a key beyond it has died. */
const IN_FLIGHT_MS = { json: 120_000, form: 900_000 } as const
const MAX_RECORD_BYTES = 4 * 1024 * 1024

const record = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('in-flight'),
    /** Of the request that holds the key. */
    id: z.string(),
    fingerprint: z.string(),
    at: z.number(),
  }),
  z.strictObject({
    state: z.literal('answered'),
    fingerprint: z.string(),
    at: z.number(),
    status: z.int(),
    contentType: z.string(),
    body: z.string(),
  }),
])
type IdempotencyRecord = z.infer<typeof record>

interface Claim {
  readonly key: string
  readonly fingerprint: string
  readonly body: keyof typeof IN_FLIGHT_MS
  readonly signal: AbortSignal
}

/**
 * Makes a POST with an `Idempotency-Key` happen once: the same key with the same body gets the answer of the first, for a
 * day. Another body, or the first still under way, is `conflict`. What failed is not remembered, and may be tried again
 * with the same key.
 */
export function createIdempotency(store: ObjectStore, now: () => number = Date.now) {
  const middleware: MiddlewareHandler<ApiEnv> = async function idempotent(c, next) {
    const claim = await claimOf(c)
    if (claim === undefined) return next()
    const outcome = await take(store, claim, now)
    if ('answer' in outcome) return replay(outcome.answer)
    await next()
    try {
      await settle(store, claim, outcome.etag, { answer: c.res, at: now() })
    } catch (error) {
      // It is done, and the client is there to be told: the log hears that it would not be told again.
      c.set('error', error)
    }
  }
  return middleware
}

async function claimOf(c: Context<ApiEnv>): Promise<Claim | undefined> {
  const given = c.req.header('idempotency-key')
  if (given === undefined) return undefined
  if (!KEY.test(given)) {
    throw new GatewayError('invalid_request', 'header.Idempotency-Key: 1 to 255 visible ASCII characters')
  }
  const { kind, id } = principalOf(c)
  const isForm = c.req.header('content-type')?.startsWith('multipart/') === true
  // A form is too long to be read twice: of it only the length counts.
  const body = isForm ? (c.req.header('content-length') ?? '') : await c.req.text()
  return {
    key: `${IDEMPOTENCY_PREFIX}${digest(`${kind}\n${id}`)}/${digest(given)}.json`,
    fingerprint: digest(`${c.req.method}\n${c.req.path}\n${body}`),
    body: isForm ? 'form' : 'json',
    signal: c.req.raw.signal,
  }
}

type Answered = Extract<IdempotencyRecord, { state: 'answered' }>

async function take(
  store: ObjectStore,
  { key, fingerprint, body, signal }: Claim,
  now: () => number,
): Promise<{ etag: string } | { answer: Answered }> {
  const mine: IdempotencyRecord = { state: 'in-flight', id: randomUUID(), fingerprint, at: now() }
  const created = await write(store, key, mine, { ifNoneMatch: '*', signal })
  if (created.outcome === 'stored') return created
  const found = await store.get(key, { maxBytes: MAX_RECORD_BYTES, signal })
  if (found.outcome !== 'found') throw underWay()
  const before = record.safeParse(parseJson(found.object.body)).data
  const keptMs = before?.state === 'answered' ? DAY_MS : IN_FLIGHT_MS[body]
  if (before !== undefined && now() - before.at < keptMs) {
    if (before.fingerprint !== fingerprint) {
      throw new GatewayError('conflict', 'This Idempotency-Key was used for another request')
    }
    if (before.state === 'answered') return { answer: before }
    throw underWay()
  }
  const taken = await write(store, key, mine, { ifMatch: found.object.etag, signal })
  if (taken.outcome === 'stored') return taken
  throw underWay()
}

/** Keeps an answer, or gives the key back after a failure. Somebody who has taken it meanwhile keeps it. */
async function settle(
  store: ObjectStore,
  { key, fingerprint }: Claim,
  etag: string,
  { answer, at }: { answer: Response; at: number },
): Promise<void> {
  if (!answer.ok) return store.delete([key], { ifMatch: etag })
  const contentType = answer.headers.get('content-type') ?? 'application/json'
  const body = await answer.clone().text()
  const answered: IdempotencyRecord = {
    state: 'answered',
    fingerprint,
    at,
    status: answer.status,
    contentType,
    body,
  }
  await write(store, key, answered, { ifMatch: etag })
}

function replay({ status, contentType, body }: Answered): Response {
  const headers = { 'content-type': contentType, 'idempotency-replayed': 'true', 'cache-control': 'no-store' }
  return new Response(body, { status, headers })
}

async function write(
  store: ObjectStore,
  key: string,
  value: IdempotencyRecord,
  condition: Condition & { readonly signal?: AbortSignal },
) {
  return putSettled(store, key, Buffer.from(JSON.stringify(value)), condition)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    // Cut or damaged: as good as none, and written over.
    return undefined
  }
}

function underWay(): GatewayError {
  return new GatewayError('conflict', 'The first request with this Idempotency-Key is still under way')
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')
