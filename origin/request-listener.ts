import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Registry } from 'prom-client'
import type { Authenticator } from './auth/authenticator.ts'
import { isAnonymous } from './auth/claim.ts'
import { corsHeaders } from './cors/cors-headers.ts'
import { preflight } from './cors/preflight.ts'
import { errorReply, toS3Error } from './error-reply.ts'
import type { Log } from './log.ts'
import type { Exchange, Meter } from './operating/metrics.ts'
import { isFormUpload, postObject } from './objects/post-object.ts'
import { isAmbiguous } from './ambiguity.ts'
import { findOperation } from './find-operation.ts'
import { type PaceOptions, watchPace } from './pace.ts'
import type { Reply } from './protocol/reply.ts'
import { ANONYMOUS, mayReadAnonymously } from './policy/anonymous-read.ts'
import { parseRequest, type S3Request } from './protocol/s3-request.ts'
import { refuseUnsupported } from './protocol/unsupported-headers.ts'
import { S3Error } from './s3-error.ts'
import { hasCode } from './store/files.ts'
import type { Store } from './store/store.ts'
import { systemReply } from './operating/system-routes.ts'

export interface ListenerOptions {
  readonly authenticator: Authenticator
  readonly store: Store
  readonly region: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
  readonly logRequests: boolean
  readonly registry: Registry
  readonly meter: Meter
  readonly pace: PaceOptions
}

/** How much of a refused body is still read for the sake of the next request on its connection. */
const MAX_DRAIN_BYTES = 8 * 1024 * 1024

/** Serves S3, `/-/health` and `/-/metrics`. The same listener serves `request` and `checkContinue`. */
export function createListener(options: ListenerOptions): RequestListener {
  return (incoming, response) => {
    // It came with what ended the connection: nobody would be told.
    if (!incoming.socket.writable) return
    serve(incoming, response, options).catch((error: unknown) => {
      options.log({ msg: 'answer failed', error: describeError(error) })
      response.destroy()
    })
  }
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ListenerOptions,
): Promise<void> {
  const started = performance.now()
  if (isAmbiguous(incoming)) {
    response.shouldKeepAlive = false
    response.writeHead(400, { 'content-length': '0' }).end()
    return
  }
  watchPace(incoming, response, options.pace)
  const system = systemReply(incoming, options.registry)
  if (system) return send(response, incoming, await system)
  const exchange = options.meter(response)
  let request: S3Request | undefined
  let reply: Reply
  try {
    request = parseRequest(incoming)
    reply = await operate(request, { incoming, response, exchange }, options)
  } catch (error) {
    if (isAbort(error)) return
    const path = pathOf(incoming)
    if (!(error instanceof S3Error)) options.log({ msg: 'request failed', path, error: describeError(error) })
    reply = errorReply(toS3Error(error), path, request?.id ?? '')
  }
  await send(response, incoming, request ? withOurs(reply, request, options.store) : reply)
  if (options.logRequests) {
    const { method } = incoming
    const [path, ms] = [pathOf(incoming), Math.round(performance.now() - started)]
    options.log({ msg: 'request', id: request?.id, method, path, status: reply.status, ms })
  }
}

function pathOf({ url }: IncomingMessage): string {
  return url?.split('?', 1)[0] ?? ''
}

/** A reply with what every answer says. Assigned, since a second spread in a literal takes V8 thirty times as long. */
function withOurs({ status, headers, body }: Reply, request: S3Request, store: Store): Reply {
  const ours = { 'x-amz-request-id': request.id }
  return { status, headers: Object.assign(ours, corsHeaders(request, store), headers), body }
}

async function operate(
  request: S3Request,
  {
    incoming,
    response,
    exchange,
  }: { incoming: IncomingMessage; response: ServerResponse; exchange: Exchange },
  { authenticator, store, region, now }: ListenerOptions,
): Promise<Reply> {
  const letGo = (): void => {
    if (isWaiting(incoming)) response.writeContinue()
  }
  if (isFormUpload(request)) {
    exchange.operation = 'PostObject'
    const openForm = (): IncomingMessage => {
      letGo()
      return incoming
    }
    return postObject({ request, open: openForm, store, authenticator, now })
  }
  if (request.method === 'OPTIONS') {
    exchange.operation = 'Preflight'
    return preflight(request, store)
  }
  const isPublic = isAnonymous(request) && mayReadAnonymously(request, store)
  const identity = isPublic ? ANONYMOUS : authenticator.authenticate(request)
  const operation = findOperation(request)
  exchange.operation = operation.name
  refuseUnsupported(request.headers, operation.honours)
  const open = (): AsyncIterable<Buffer> => {
    letGo()
    // Leaving the loop early must not destroy the socket: the refusal still has to go out on it.
    return incoming.iterator({ destroyOnReturn: false })
  }
  return operation.run({ request, body: { request, identity, open }, store, region })
}

async function send(response: ServerResponse, incoming: IncomingMessage, reply: Reply): Promise<void> {
  const { status, body } = reply
  const untouched = isWaiting(incoming) && !incoming.readableDidRead
  // A client that was not told to go on may send its body or not: only a new connection is free of doubt.
  const headers = untouched ? { connection: 'close', ...reply.headers } : (reply.headers ?? {})
  if (body instanceof Readable) {
    response.writeHead(status, headers)
    await pipeline(body, response).catch((error: unknown) => {
      if (!isAbort(error)) throw error
    })
    return
  }
  // All headers in one object and none set before: Node then writes them as they are, without a copy.
  response.writeHead(status, hasLength(incoming, reply) ? headers : withLength(headers, body))
  response.end(body)
  if (!untouched) drain(incoming)
}

/** Whether the length is named already, or need not be. */
function hasLength({ method }: IncomingMessage, { status, headers }: Reply): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || headers?.['content-length'] !== undefined
}

/** The length comes last: Node re-encodes a `Content-Disposition` that it meets after it, and the bytes would change. */
function withLength(
  headers: Readonly<Record<string, string>>,
  body: string | Buffer | undefined,
): Record<string, string> {
  return { ...headers, 'content-length': String(body === undefined ? 0 : Buffer.byteLength(body)) }
}

function isWaiting(incoming: IncomingMessage): boolean {
  return incoming.headers.expect?.toLowerCase() === '100-continue'
}

/** A body that nobody wants is read to its end while it is short; with a long one the connection ends. */
function drain(incoming: IncomingMessage): void {
  if (incoming.complete) return
  let bytes = 0
  incoming.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > MAX_DRAIN_BYTES) incoming.socket.destroySoon()
  })
  incoming.on('error', () => undefined)
  incoming.resume()
}

function isAbort(error: unknown): boolean {
  return (
    hasCode(error, 'ECONNRESET') || hasCode(error, 'ERR_STREAM_PREMATURE_CLOSE') || hasCode(error, 'EPIPE')
  )
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
