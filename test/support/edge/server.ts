import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Edge, EdgeAnswer, EdgeRequest } from './edge.ts'
import { flatHeaders } from './http-origin.ts'

/** What concerns one connection only, and is not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

/** One edge location with an address of its own. */
export interface EdgeServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens as one location of an edge on loopback; `report` is told of every answer. */
export async function serveLocation(
  edge: Edge,
  { location, port, report }: { location: string; port: number; report?: (line: string) => void },
): Promise<EdgeServer> {
  return listenOnLoopback(port, async (incoming, outgoing) => {
    const { method = '', url = '/' } = incoming
    const request = readRequest(incoming)
    const answer = request === undefined ? refusal() : await edge.view(location, request)
    report?.(`${location} ${answer.status} ${answer.headers['x-cache']} ${method} ${url}`)
    send(outgoing, answer)
  })
}

/** A server on loopback; where the listener fails the connection is dropped, and standard error says why. */
export async function listenOnLoopback(
  port: number,
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
): Promise<EdgeServer> {
  const server: Server = createServer((incoming, outgoing) => {
    listener(incoming, outgoing).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      outgoing.destroy()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** What a viewer asks; `undefined` for other verbs and for bodies: what the edge keeps is only read. */
function readRequest({ method, url = '/', headers, socket }: IncomingMessage): EdgeRequest | undefined {
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
  if ((method !== 'GET' && method !== 'HEAD') || hasBody) return undefined
  return { method, target: url, headers: flatHeaders(headers), address: socket.remoteAddress }
}

function refusal(): EdgeAnswer {
  const body = Buffer.from('The edge takes GET and HEAD without a body here.\n')
  return {
    status: 403,
    headers: { 'content-type': 'text/plain', 'x-cache': 'Error from cloudfront' },
    body,
  }
}

function send(outgoing: ServerResponse, { status, headers, body, complete }: EdgeAnswer): void {
  const passed = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))
  outgoing.writeHead(status, Object.fromEntries(passed))
  // What broke off at the origin breaks off here.
  if (complete === false) outgoing.write(body, () => outgoing.destroy())
  else outgoing.end(body)
}
