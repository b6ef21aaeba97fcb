import type { Socket } from 'node:net'

/** What is thrown away of what a client sends behind its last answer; beyond, nothing is read any more. */
const MAX_BYTES = 64 * 1024 ** 2
/** How long it may go on, in all. */
const MAX_MS = 30_000

/**
 * Ends a connection so that its last answer is read. Whoever is still sending when a connection is closed is told so by a
 * reset, and gives up on what it has not read: therefore our side alone is closed, and what comes is thrown away until
 * the client has closed its own, or has sent nothing for `stillMs`. RFC 9112 §9.6.
 */
export function linger(socket: Socket, stillMs: number): void {
  if (socket.destroyed || socket.writableEnded) return
  socket.end()
  const cut = (): void => void socket.destroy()
  socket.setTimeout(stillMs, cut)
  const timer = setTimeout(cut, MAX_MS)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
  if (!socket.isPaused()) return throwAway(socket)
  // Node holds a connection back while nobody reads a body: not before this has it let go.
  socket.once('resume', () => throwAway(socket))
  socket.resume()
}

function throwAway(socket: Socket): void {
  let bytes = 0
  // Nothing of it is parsed: there may be requests in it, which nobody will answer.
  socket.removeAllListeners('data')
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > MAX_BYTES) socket.pause()
  })
}
