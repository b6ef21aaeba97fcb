import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Authenticator } from './auth/authenticator.ts'
import { isAnonymous } from './auth/claim.ts'
import { corsHeaders } from './cors/cors-headers.ts'
import { preflight } from './cors/preflight.ts'
import { errorReply, toS3Error } from './error-reply.ts'
import type { Log } from './log.ts'
import { findOperation } from './operations.ts'
import type { Reply } from './protocol/reply.ts'
import { ANONYMOUS, mayReadAnonymously } from './policy/anonymous-read.ts'
import { parseRequest, type S3Request } from './protocol/s3-request.ts'
import { refuseUnsupported } from './protocol/unsupported-headers.ts'
import { S3Error } from './s3-error.ts'
import { hasCode } from './store/files.ts'
import type { Store } from './store/store.ts'

export interface ListenerOptions {
  readonly authenticator: Authenticator
  readonly store: Store
  readonly region: string
  readonly log: Log
  readonly logRequests: boolean
}

/** How much of a refused body is still read, so that its sender gets to see the refusal. */
const MAX_DRAIN_BYTES = 8 * 1024 * 1024

/** Serves S3 and `/-/health`. The same listener serves `request` and `checkContinue`. */
export function createListener(options: ListenerOptions): RequestListener {
  return (incoming, response) => {
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
  destroyWhenIdle(incoming, response)
  if (incoming.url === '/-/health')
    return send(response, incoming, { status: 200, body: '{"status":"ok"}\n' })
  const path = incoming.url?.split('?', 1)[0] ?? ''
  let request: S3Request | undefined
  let reply: Reply
  try {
    request = parseRequest(incoming)
    reply = await operate(request, incoming, response, options)
  } catch (error) {
    if (isAbort(error)) return
    if (!(error instanceof S3Error)) options.log({ msg: 'request failed', path, error: describeError(error) })
    reply = errorReply(toS3Error(error), path, request?.id ?? '')
  }
  if (request) {
    response.setHeader('x-amz-request-id', request.id)
    for (const [name, value] of Object.entries(corsHeaders(request, options.store))) {
      if (reply.headers?.[name] === undefined) response.setHeader(name, value)
    }
  }
  await send(response, incoming, reply)
  if (options.logRequests) {
    const ms = Math.round(performance.now() - started)
    options.log({ msg: 'request', id: request?.id, method: incoming.method, path, status: reply.status, ms })
  }
}

async function operate(
  request: S3Request,
  incoming: IncomingMessage,
  response: ServerResponse,
  { authenticator, store, region }: ListenerOptions,
): Promise<Reply> {
  if (request.method === 'OPTIONS') return preflight(request, store)
  const isPublic = isAnonymous(request) && mayReadAnonymously(request, store)
  const identity = isPublic ? ANONYMOUS : authenticator.authenticate(request)
  const operation = findOperation(request)
  refuseUnsupported(request.headers, operation.honours)
  const open = (): AsyncIterable<Buffer> => {
    if (isWaiting(incoming)) response.writeContinue()
    // Leaving the loop early must not destroy the socket: the refusal still has to go out on it.
    return incoming.iterator({ destroyOnReturn: false })
  }
  return operation.run({ request, body: { request, identity, open }, store, region })
}

async function send(response: ServerResponse, incoming: IncomingMessage, reply: Reply): Promise<void> {
  const { status, headers = {}, body } = reply
  const untouched = isWaiting(incoming) && !incoming.readableDidRead
  // A client that was not told to go on may send its body or not: only a new connection is free of doubt.
  if (untouched) response.setHeader('connection', 'close')
  if (body instanceof Readable) {
    response.writeHead(status, headers)
    await pipeline(body, response).catch((error: unknown) => {
      if (!isAbort(error)) throw error
    })
    return
  }
  response.writeHead(status, incoming.method === 'HEAD' ? headers : withLength(reply))
  response.end(body)
  if (!untouched) drain(incoming)
}

/** The length comes last: Node re-encodes a `Content-Disposition` that it meets after it, and the bytes would change. */
function withLength({ status, headers = {}, body }: Reply): Record<string, string> {
  if (status === 204 || status === 304 || body instanceof Readable) return { ...headers }
  return { ...headers, 'content-length': String(body === undefined ? 0 : Buffer.byteLength(body)) }
}

function isWaiting(incoming: IncomingMessage): boolean {
  return incoming.headers.expect?.toLowerCase() === '100-continue'
}

/** A body that nobody wants is read to its end while it is short; a long one is cut off. */
function drain(incoming: IncomingMessage): void {
  if (incoming.complete) return
  let bytes = 0
  incoming.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > MAX_DRAIN_BYTES) incoming.destroy()
  })
  incoming.on('error', () => undefined)
  incoming.resume()
}

/** The socket's timeout ends clients that neither send nor take bytes, but not those that wait for our own work. */
function destroyWhenIdle(incoming: IncomingMessage, response: ServerResponse): void {
  response.on('timeout', () => {
    const isWorking = incoming.complete && !response.headersSent
    if (!isWorking) incoming.socket.destroy()
  })
}

function isAbort(error: unknown): boolean {
  return (
    hasCode(error, 'ECONNRESET') || hasCode(error, 'ERR_STREAM_PREMATURE_CLOSE') || hasCode(error, 'EPIPE')
  )
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
