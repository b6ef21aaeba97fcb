import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { type Exchange, refuseUnreadable } from './ambiguity.ts'
import { linger } from './lingering.ts'

/** How long a client may send nothing when it has had the last answer on a connection. */
const LINGER_STILL_MS = 5_000

/**
 * Knows how many requests are under way on each connection, so that a stop ends exactly those without one. Node's own
 * list of idle connections leaves out those on which no request has come yet.
 */
export class Connections {
  readonly #requests = new Map<Socket, number>()
  readonly #last = new WeakMap<Socket, Exchange>()
  #isStopping = false

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#requests.set(socket, 0)
      // Node's own way to end a connection, which is ours too.
      socket.destroySoon = () => linger(socket, Math.min(LINGER_STILL_MS, server.timeout))
      socket.once('close', () => this.#requests.delete(socket))
    })
    const track = (incoming: IncomingMessage, response: ServerResponse): void =>
      this.#track(incoming, response)
    server.on('request', track)
    server.on('checkContinue', track)
    server.on('clientError', (error, socket) => {
      if (socket instanceof Socket) refuseUnreadable(error, socket, this.#last.get(socket))
    })
  }

  /** Ends connections as soon as nothing is under way on them, at once where nothing is. */
  stop(): void {
    this.#isStopping = true
    for (const socket of this.#requests.keys()) this.#endIfIdle(socket)
  }

  #track(incoming: IncomingMessage, response: ServerResponse): void {
    const { socket } = incoming
    this.#last.set(socket, { incoming, response })
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const count = this.#requests.get(socket)
      if (count !== undefined) this.#requests.set(socket, count - 1)
      this.#endIfIdle(socket)
    })
  }

  #endIfIdle(socket: Socket): void {
    if (this.#isStopping && this.#requests.get(socket) === 0) socket.end()
  }
}
