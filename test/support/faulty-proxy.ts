import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/**
 * What a test does to a request: lets it pass, answers it itself, drops its connection amid the body, loses the
 * answer, resets the connection, says nothing at all, or passes on a spoilt answer.
 */
export type Fault = 'pass' | 'drop' | 'lose-answer' | 'reset' | 'silence' | OwnAnswer | Spoilt

/** An error of the proxy's own; with a code as S3 words it. */
export interface OwnAnswer {
  readonly status: number
  readonly code?: string
}

/** What is done to an answer on its way. */
export interface Spoilt {
  /** How long its head waits. */
  readonly delayMs?: number
  /** Half of the body, then nothing more; half of it, then the end; or one bit of it turned. */
  readonly body?: 'stuck' | 'cut' | 'flipped'
  /** Added to its Content-Length. */
  readonly lengthBy?: number
  /** In the place of those that came. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface FaultyProxy {
  readonly url: string
  /** Every request but preflights that came, as `PUT /path?query`. */
  readonly requests: string[]
  /** The most of them that were there at the same time. */
  peak: number
  /** Decides about each request but preflights; by default all pass. */
  decide: (request: IncomingMessage) => Fault | Promise<Fault>
  /** Nobody listens any more, and all connections end. */
  leave(): Promise<void>
  /** Somebody listens again, at the same port. */
  comeBack(): Promise<void>
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
    await carryOut(fault, { target, incoming, answer })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  async function end(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${port}`,
    requests,
    peak: 0,
    decide: () => 'pass',
    leave: end,
    async comeBack() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    close: end,
  }
  return proxy
}

interface Exchange {
  readonly target: string
  readonly incoming: IncomingMessage
  readonly answer: ServerResponse
}

async function carryOut(fault: Fault, exchange: Exchange): Promise<void> {
  const { incoming, answer } = exchange
  if (fault === 'pass') passOn(exchange, {})
  else if (fault === 'lose-answer') passOn(exchange, 'lost')
  else if (fault === 'drop') incoming.once('data', () => incoming.socket.destroy())
  else if (fault === 'reset') incoming.socket.resetAndDestroy()
  else if (fault === 'silence') incoming.resume()
  else if ('status' in fault) {
    // Read to its end, so that the client sees the answer and not a reset.
    incoming.resume()
    await once(incoming, 'end')
    refuse(answer, fault)
  } else passOn(exchange, fault)
}

function refuse(answer: ServerResponse, { status, code }: OwnAnswer): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`
  const body = code === undefined ? '' : xml
  answer.writeHead(status, {
    'access-control-allow-origin': '*',
    'content-length': body.length,
    ...(body !== '' && { 'content-type': 'application/xml' }),
  })
  answer.end(answer.req.method === 'HEAD' ? undefined : body)
}

function passOn({ target, incoming, answer }: Exchange, how: Spoilt | 'lost'): void {
  const { method = 'GET', headers } = incoming
  const outgoing = request(new URL(target), { method, headers, path: incoming.url, agent: false })
  outgoing.on('response', (response) => {
    if (how !== 'lost') return void bring(response, answer, how)
    response.resume()
    incoming.socket.destroy()
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

async function bring(response: IncomingMessage, answer: ServerResponse, how: Spoilt): Promise<void> {
  const { delayMs = 0, lengthBy = 0, headers = {}, body } = how
  if (delayMs > 0) await pause(delayMs)
  if (answer.destroyed) return
  const length = response.headers['content-length']
  answer.writeHead(response.statusCode ?? 502, {
    ...response.headers,
    ...(length !== undefined && { 'content-length': Math.max(0, Number(length) + lengthBy) }),
    ...headers,
  })
  const isHead = answer.req.method === 'HEAD' || response.statusCode === 304
  if (isHead || (body === undefined && lengthBy === 0)) return void response.pipe(answer)
  const whole = Buffer.concat(await response.toArray())
  const half = whole.subarray(0, Math.ceil(whole.length / 2))
  if (body === 'stuck') answer.write(half)
  else if (body === 'cut') answer.write(half, () => answer.socket?.destroy())
  else if (body === 'flipped') answer.end(flipped(whole))
  else answer.write(whole, () => answer.socket?.end())
}

/** The same bytes but for one bit in their middle. */
function flipped(bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 2)
  return Buffer.from(bytes.map((byte, at) => (at === middle ? byte ^ 1 : byte)))
}
