import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { GATEWAY_KEEP_ALIVE_S } from '../cdn/distribution.ts'
import type { AppEnv } from './env.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** Connections beyond are closed as they come. */
  readonly maxConnections?: number
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
/** And for all of it: a large photo on a slow line. What stands still is given up by whoever reads it, much sooner. */
const REQUEST_TIMEOUT_MS = 600_000
/** While stopping: how often connections that have become idle are closed. */
const CLOSE_IDLE_MS = 50

/** Listens; rejects when the port is taken. Port 0 is any free one. */
export async function listen(
  app: Hono<AppEnv>,
  { host, port, maxConnections = Infinity }: ServerOptions,
): Promise<RunningServer> {
  const answer = getRequestListener(app.fetch, { errorHandler: unreadableTarget })
  const unanswered = new Set<ServerResponse>()
  let isDraining = false
  const server = createServer(
    {
      // Whoever closes an idle connection first must not be us: a request just on its way would be a 502 at the viewer.
      keepAliveTimeout: GATEWAY_KEEP_ALIVE_S * 1000,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    // It answers its own failures: nothing is left to wait for.
    (request, response) => {
      if (isDraining) response.shouldKeepAlive = false
      unanswered.add(response)
      void answer(request, response).finally(() => unanswered.delete(response))
    },
  )
  if (maxConnections !== Infinity) server.maxConnections = maxConnections
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
