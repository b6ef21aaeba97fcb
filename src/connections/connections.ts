import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { type LingerLimits, Lingering } from './lingering.ts'
import { refuseOn, unreadable } from './refusals.ts'

/** What clients may do to us by being many, or slow. */
export interface ConnectionLimits extends LingerLimits {
  /** How many connections there may be; beyond, the one that has been idle for longest makes room. */
  readonly maxConnections: number
  /** How many bytes of answers may wait for their readers; beyond, those who stand still are cut off, the oldest first. */
  readonly maxUnsentBytes: number
  /** How long a client may neither send nor take a byte. A body must bring some bytes a second over each such time. */
  readonly stallMs: number
  /** How often that is looked at. */
  readonly lookEveryMs: number
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  maxConnections: 4096,
  maxUnsentBytes: 512 * 1024 * 1024,
  stallMs: 60_000,
  lookEveryMs: 5_000,
  // More than a form may have, if no other is set.
  lingerBytes: 64 * 1024 * 1024,
  lingerMs: 30_000,
  lingerStillMs: 5_000,
}

/** A tenth of what an old modem does: whoever sends more slowly holds a connection and does not use it. */
const MIN_SENT_PER_SECOND = 500
/** Readers are few behind a CDN, and their answers are in memory. */
const MIN_TAKEN_PER_SECOND = 4096

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** How a client has got on, of bytes read and taken and since when. */
interface Progress {
  read: number
  readAt: number
  taken: number
  takenAt: number
}

/** A request under way; most are over before anybody looks how it gets on. */
interface UnderWay extends Exchange {
  progress: Progress | undefined
}

/** Knows the connections of a server: bounds how many there are, and gives up those whose clients do not get on. */
export class Connections {
  readonly #limits: ConnectionLimits
  /** On these no request has come yet; the oldest is the first. */
  readonly #untried = new Set<Socket>()
  /** On these one has been answered, and none has come since; the one that has been idle for longest is the first. */
  readonly #idle = new Map<Socket, Exchange>()
  readonly #busy = new Map<Socket, UnderWay>()
  /** These have had their last answer. */
  readonly #lingering: Lingering

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits
    this.#lingering = new Lingering(limits)
    server.on('connection', (socket) => this.#admit(socket))
    server.on('timeout', (socket) => this.#onStill(socket))
    server.on('clientError', (error, socket) => {
      if (socket instanceof Socket) this.#onUnreadable(error, socket)
    })
    server.timeout = limits.stallMs
    const looking = setInterval(() => this.#look(performance.now()), limits.lookEveryMs)
    looking.unref()
    server.once('close', () => clearInterval(looking))
  }

  /** Begins with a request; it ends with its response. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    this.#untried.delete(socket)
    this.#idle.delete(socket)
    const underWay: UnderWay = { request, response, progress: undefined }
    this.#busy.set(socket, underWay)
    response.once('close', () => {
      // The next request on the connection may have begun by now.
      if (this.#busy.get(socket) !== underWay) return
      this.#busy.delete(socket)
      if (!socket.destroyed) this.#idle.set(socket, underWay)
    })
  }

  #admit(socket: Socket): void {
    this.#untried.add(socket)
    socket.once('close', () => this.#forget(socket))
    // Node's own way to end a connection, which is ours too.
    socket.destroySoon = () => this.#end(socket)
    const count = this.#untried.size + this.#idle.size + this.#busy.size + this.#lingering.size
    if (count <= this.#limits.maxConnections) return
    // The newcomer itself is the last of them.
    const [oldest] = this.#untried.size > 1 ? this.#untried : this.#idle.keys()
    this.#cut(this.#lingering.oldest() ?? oldest ?? socket)
  }

  /** Behind what has been written nothing more is answered. */
  #end(socket: Socket): void {
    if (socket.destroyed || this.#lingering.has(socket)) return
    this.#forget(socket)
    this.#lingering.begin(socket, performance.now())
  }

  #cut(socket: Socket): void {
    this.#forget(socket)
    socket.destroy()
  }

  #forget(socket: Socket): void {
    this.#untried.delete(socket)
    this.#idle.delete(socket)
    this.#busy.delete(socket)
    this.#lingering.forget(socket)
  }

  /** Nothing has moved for a while: whoever waits for us may go on doing so. */
  #onStill(socket: Socket): void {
    const underWay = this.#busy.get(socket)
    if (underWay !== undefined && waitsForUs(socket, underWay)) socket.setTimeout(this.#limits.stallMs)
    else this.#cut(socket)
  }

  /** What cannot be read is refused, but never as a second answer to the same request. */
  #onUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#lingering.has(socket)) return
    const fault = unreadable(error)
    const last = this.#busy.get(socket) ?? this.#idle.get(socket)
    if (fault === undefined || !socket.writable) socket.destroy()
    else if (this.#busy.has(socket) && last?.request.complete === true) {
      // It has done nothing wrong: what came after it has, and goes on coming.
      if (!last.response.shouldKeepAlive) return
      last.response.shouldKeepAlive = false
      last.response.once('close', () => socket.destroySoon())
    } else if (last?.request.complete === false && last.response.headersSent) socket.destroySoon()
    else refuseOn(socket, fault)
  }

  #look(now: number): void {
    for (const socket of this.#lingering.overdue(now)) this.#cut(socket)
    let unsent = 0
    for (const [socket, underWay] of this.#busy) {
      if (this.#isTooSlow(socket, underWay, now)) this.#cut(socket)
      else unsent += socket.writableLength
    }
    if (unsent > this.#limits.maxUnsentBytes) this.#relieve(unsent, now)
  }

  #isTooSlow(socket: Socket, underWay: UnderWay, now: number): boolean {
    const { stallMs } = this.#limits
    const taken = takenBy(socket)
    const { request, progress = { read: socket.bytesRead, readAt: now, taken, takenAt: now } } = underWay
    underWay.progress = progress
    if (taken > progress.taken || socket.writableLength === 0) {
      progress.taken = taken
      progress.takenAt = now
    }
    // A large answer is handed over in one piece: what of it has been taken is not to be seen.
    const mayTakeMs = stallMs + (socket.writableLength / MIN_TAKEN_PER_SECOND) * 1000
    if (now - progress.takenAt > mayTakeMs) return true

    const isToSend = !request.complete && request.readableLength === 0
    const isWindowOver = now - progress.readAt >= stallMs
    if (isToSend && !isWindowOver) return false
    const read = socket.bytesRead - progress.read
    progress.read = socket.bytesRead
    progress.readAt = now
    return isToSend && read < (MIN_SENT_PER_SECOND * stallMs) / 1000
  }

  #relieve(unsent: number, now: number): void {
    const since = now - this.#limits.lookEveryMs
    const still = Array.from(
      this.#busy,
      ([socket, { progress }]) => [socket, progress?.takenAt ?? now] as const,
    )
      .filter(([socket, takenAt]) => socket.writableLength > 0 && takenAt <= since)
      .toSorted(([, one], [, other]) => one - other)
    let left = unsent
    for (const [socket] of still) {
      if (left <= this.#limits.maxUnsentBytes) return
      left -= socket.writableLength
      this.#cut(socket)
    }
  }
}

/** What has left for the client; a piece counts when all of it has. */
const takenBy = (socket: Socket) => socket.bytesWritten - socket.writableLength

function waitsForUs(socket: Socket, { request, response }: Exchange): boolean {
  const isAllThere = request.complete || request.readableLength > 0
  return isAllThere && !response.writableEnded && socket.writableLength === 0
}
