import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Answers a request; the response closes when that is done. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** How far ahead a client may send requests: no CDN does at all. */
const MAX_AHEAD = 100

const NONE: readonly Exchange[] = []

/**
 * Answers the requests of one connection one after the other, however many were sent at once: Node begins with all of
 * them, and one connection would take every slot there is. Whoever sends too far ahead is cut off.
 */
export function inTurn(answer: Answer): Answer {
  /** Who waits on each connection that has a request under way. */
  const lines = new WeakMap<Socket, readonly Exchange[]>()

  function begin({ request, response }: Exchange): void {
    const { socket } = request
    response.once('close', () => proceed(socket))
    answer(request, response)
  }

  function proceed(socket: Socket): void {
    const [next, ...rest] = lines.get(socket) ?? NONE
    // An answer that ends the connection is the last: what waits behind it would be made for nobody.
    if (next === undefined || !socket.writable) {
      lines.delete(socket)
      return
    }
    lines.set(socket, rest)
    begin(next)
  }

  return (request, response) => {
    const { socket } = request
    // Nor is one that came with what ended the connection.
    if (!socket.writable) return
    const line = lines.get(socket)
    if (line === undefined) {
      lines.set(socket, NONE)
      begin({ request, response })
    } else if (line.length < MAX_AHEAD) lines.set(socket, [...line, { request, response }])
    else socket.destroy()
  }
}
