import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/**
 * What a test does to a request: lets it pass, answers it itself, drops its connection amid the body, or
 * loses the answer.
 */
export type Fault = 'pass' | 'drop' | 'lose-answer' | { readonly status: number }

export interface FaultyProxy {
  readonly url: string
  /** Every request but preflights that came, as `PUT /path?query`. */
  readonly requests: string[]
  /** The most of them that were there at the same time. */
  peak: number
  /** Decides about each request but preflights; by default all pass. */
  decide: (request: IncomingMessage) => Fault | Promise<Fault>
  close(): Promise<void>
}

/** Stands in front of a server and passes on what comes, `Host` included: URLs signed for its address stay right. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const requests: string[] = []
  const present = new Set<ServerResponse>()
  const server = createServer((incoming, answer) => {
    void handle(incoming, answer).catch(() => incoming.socket.destroy())
  })
  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const isPreflight = incoming.method === 'OPTIONS'
    if (!isPreflight) {
      requests.push(`${incoming.method} ${incoming.url}`)
      present.add(answer)
      answer.once('close', () => present.delete(answer))
      proxy.peak = Math.max(proxy.peak, present.size)
    }
    const fault = isPreflight ? 'pass' : await proxy.decide(incoming)
    // The client has left meanwhile.
    if (incoming.destroyed) return
    if (fault === 'pass' || fault === 'lose-answer') passOn(target, { incoming, answer, fault })
    else if (fault === 'drop') incoming.once('data', () => incoming.socket.destroy())
    else {
      // Read to its end, so that the client sees the answer and not a reset.
      incoming.resume()
      await once(incoming, 'end')
      answer.writeHead(fault.status, { 'access-control-allow-origin': '*', 'content-length': '0' }).end()
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${port}`,
    requests,
    peak: 0,
    decide: () => 'pass',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

interface Exchange {
  readonly incoming: IncomingMessage
  readonly answer: ServerResponse
  readonly fault: 'pass' | 'lose-answer'
}

function passOn(target: string, { incoming, answer, fault }: Exchange): void {
  const { method = 'GET', headers } = incoming
  const outgoing = request(new URL(target), { method, headers, path: incoming.url, agent: false })
  outgoing.on('response', (response) => {
    if (fault === 'lose-answer') {
      response.resume()
      incoming.socket.destroy()
      return
    }
    answer.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(answer)
  })
  outgoing.on('error', () => incoming.socket.destroy())
  answer.on('close', () => {
    // An answer that came early: the rest of the body is still taken, or its sender would not look at the answer.
    incoming.unpipe(outgoing)
    incoming.resume()
    outgoing.destroy()
  })
  incoming.pipe(outgoing)
}
