import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

export const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`

/** A delivery as the receiver saw it. */
export interface Received {
  readonly id: string
  readonly type: string
  readonly object: string
  readonly revision: number | undefined
  readonly data: Record<string, unknown>
  readonly headers: Record<string, string | string[] | undefined>
}

type Answer = number | 'hang' | { readonly status: number; readonly headers: Record<string, string> }

/** A webhook on a free port that checks signatures and answers what a test wants; 204 by default. */
export async function startReceiver(answer: (received: Received) => Answer = () => 204) {
  const all: Received[] = []
  const taken: Received[] = []
  let onTaken = () => {}
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      if (!isSigned(request.headers, body)) return response.writeHead(401).end()
      const { type, data } = JSON.parse(body)
      const id = String(request.headers['webhook-id'])
      const received = {
        id,
        type,
        data,
        headers: request.headers,
        object: data.object,
        revision: data.revision,
      }
      all.push(received)
      const wanted = answer(received)
      if (wanted === 'hang') return undefined
      const { status, headers } = typeof wanted === 'number' ? { status: wanted, headers: {} } : wanted
      if (status < 300) taken.push(received)
      response.writeHead(status, headers).end('told')
      return onTaken()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    /** Every delivery, refused ones included. */
    all,
    /** Those that were answered well. */
    taken,
    /** Resolves when so many were taken. */
    async took(count: number): Promise<void> {
      await new Promise<void>((resolve) => {
        onTaken = () => taken.length >= count && resolve()
        onTaken()
      })
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

function isSigned(headers: Record<string, string | string[] | undefined>, body: string): boolean {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const { 'webhook-id': id, 'webhook-timestamp': time } = headers
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(time)}.${body}`)
    .digest()
  return String(headers['webhook-signature'])
    .split(' ')
    .map((text) => Buffer.from(text.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
}
