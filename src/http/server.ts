import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { GATEWAY_KEEP_ALIVE_S } from '../cdn/distribution.ts'
import { type ConnectionLimits, Connections, DEFAULT_LIMITS } from '../connections/connections.ts'
import { endUnread, findFault, isLast, refusal, refuseOn } from '../connections/refusals.ts'
import { type Answer, inTurn } from '../connections/turns.ts'
import { GatewayError } from '../errors.ts'
import type { AppEnv } from './env.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** What clients may do; what is not said has its default. */
  readonly limits?: Partial<ConnectionLimits> | undefined
  /** How long a client may take for the head of its request. */
  readonly headersTimeoutMs?: number | undefined
}

export interface RunningServer {
  /** Where it listens, with the real port. */
  readonly url: string
  /** From now on every answer ends its connection, so that no client sends another request on it. */
  drain(): void
  /** Drains, takes no new connections, lets requests finish for at most `graceMs`, closes what idles. */
  close(graceMs: number): Promise<void>
}

/** How long a client may take for the head of its request. */
const HEADERS_TIMEOUT_MS = 15_000
/** And for all of it: a large photo on a slow line. What stands still is given up much sooner. */
const REQUEST_TIMEOUT_MS = 600_000
/** Of the time for a head: how often Node looks for those that are overdue. */
const HEADERS_LOOKS = 4
/** While stopping: how often connections that have become idle are closed. */
const CLOSE_IDLE_MS = 50

/** Listens; rejects when the port is taken. Port 0 is any free one. */
export async function listen(app: Hono<AppEnv>, options: ServerOptions): Promise<RunningServer> {
  const { host, port } = options
  const answer = getRequestListener(app.fetch, { errorHandler: unreadableTarget })
  const unanswered = new Set<ServerResponse>()
  let isDraining = false
  const server = createBoundedServer(options, (request, response) => {
    if (isDraining || isLast(request)) response.shouldKeepAlive = false
    endUnread(request, response)
    unanswered.add(response)
    // It answers its own failures: nothing is left to wait for.
    void answer(request, response).finally(() => unanswered.delete(response))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const drain = () => {
    isDraining = true
    for (const response of unanswered) response.shouldKeepAlive = false
  }
  return {
    url: urlOf(server, host),
    drain,
    close(graceMs) {
      drain()
      return close(server, graceMs)
    },
  }
}

/** A server whose connections are bounded in number and time, and that answers what can be understood in one way only. */
function createBoundedServer(options: ServerOptions, answer: Answer): Server {
  const { limits, headersTimeoutMs = HEADERS_TIMEOUT_MS } = options
  const server = createServer({
    // Whoever closes an idle connection first must not be us: a request just on its way would be a 502 at the viewer.
    keepAliveTimeout: GATEWAY_KEEP_ALIVE_S * 1000,
    headersTimeout: headersTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Ours says more.
    requireHostHeader: false,
    connectionsCheckingInterval: headersTimeoutMs / HEADERS_LOOKS,
  })
  // Node drops headers above a number of them in silence; their bytes are limited already.
  server.maxHeadersCount = 0
  const connections = new Connections(server, { ...DEFAULT_LIMITS, ...limits })
  const answerInTurn = inTurn((request, response) => {
    connections.begin(request, response)
    const fault = findFault(request)
    if (fault === undefined) answer(request, response)
    else refuse(response, fault)
  })
  server.on('request', answerInTurn)
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) =>
    refuse(response, new GatewayError('expectation_failed', 'Expect: must be 100-continue')),
  )
  server.on('connect', (_: IncomingMessage, socket: Socket) =>
    refuseOn(socket, new GatewayError('method_not_allowed', 'This is no proxy')),
  )
  return server
}

function refuse(response: ServerResponse, fault: GatewayError): void {
  const { headers, body } = refusal(fault)
  response.writeHead(fault.status, headers).end(body)
}

/** What no URL can be made of never reaches the app: a bare 400, as for any malformed request. */
function unreadableTarget(): Response {
  const problem = {
    type: 'about:blank',
    title: 'invalid_target',
    status: 400,
    detail: 'The request target cannot be read',
    code: 'invalid_target',
  }
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(problem), { status: 400, headers })
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS)
  const late = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(idle)
  clearTimeout(late)
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
