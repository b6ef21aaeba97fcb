import type { Socket } from 'node:net'

/** How long somebody who has had the last answer on a connection may go on sending. */
export interface LingerLimits {
  /** Of what is thrown away; beyond, nothing is read any more. */
  readonly lingerBytes: number
  /** In all. */
  readonly lingerMs: number
  /** Without a byte. */
  readonly lingerStillMs: number
}

/**
 * Ends connections so that their last answer is read. Whoever is still sending when a connection is closed is told so by
 * a reset, and gives up on what it has not read: therefore our side alone is closed, and what comes is thrown away until
 * the client has closed its own. RFC 9112 §9.6.
 */
export class Lingering {
  readonly #limits: LingerLimits
  /** Since when; the first is the oldest. */
  readonly #since = new Map<Socket, number>()

  constructor(limits: LingerLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#since.size
  }

  has(socket: Socket): boolean {
    return this.#since.has(socket)
  }

  /** The one that has lingered for longest. */
  oldest(): Socket | undefined {
    const [oldest] = this.#since.keys()
    return oldest
  }

  /** Those whose time is over. Who stands still is told by the socket's own timeout. */
  overdue(now: number): Socket[] {
    const since = now - this.#limits.lingerMs
    return Array.from(this.#since)
      .filter(([, begunAt]) => begunAt <= since)
      .map(([socket]) => socket)
  }

  /** Sends what is still to be sent, and from then on reads only to throw away. */
  begin(socket: Socket, now: number): void {
    this.#since.set(socket, now)
    socket.end()
    socket.setTimeout(this.#limits.lingerStillMs)
    if (!socket.isPaused()) return this.#throwAway(socket)
    // Node holds a connection back while nobody reads a body: not before this has it let go.
    socket.once('resume', () => this.#throwAway(socket))
    socket.resume()
  }

  forget(socket: Socket): void {
    this.#since.delete(socket)
  }

  #throwAway(socket: Socket): void {
    let bytes = 0
    // Nothing of it is parsed: there may be requests in it, which nobody will answer.
    socket.removeAllListeners('data')
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > this.#limits.lingerBytes) socket.pause()
    })
  }
}
