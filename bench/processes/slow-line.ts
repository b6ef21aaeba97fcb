import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { doJobs } from './do-jobs.ts'
import { type SlowLineJob, slowLineJob } from './jobs.ts'

/** So much may be on its way before the sender is held up, as a socket's buffers would. */
const QUEUED_BYTES = 256 * 1024

doJobs(slowLineJob, openLine)

/** Opens a line to a server: what goes over it, in either direction, comes later and no faster than the line is. */
async function openLine({ target, delayMs, bytesPerSecond }: SlowLineJob): Promise<{ url: string }> {
  const { hostname, port } = new URL(target)
  // One line for all connections, as one client has: they share what goes through it.
  const up = createDirection(delayMs, bytesPerSecond)
  const down = createDirection(delayMs, bytesPerSecond)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = createConnection({
      host: hostname,
      port: Number(port),
      allowHalfOpen: true,
      noDelay: true,
    })
    up(client, upstream)
    down(upstream, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

function createDirection(delayMs: number, bytesPerSecond: number) {
  let freeAt = 0
  const later = (bytes: number, deliver: () => void) => {
    const now = performance.now()
    freeAt = Math.max(now, freeAt) + (bytes / bytesPerSecond) * 1000
    setTimeout(deliver, freeAt + delayMs - now)
  }
  return function connect(from: Socket, to: Socket): void {
    // Timers of different lengths may fall due in another order than they were set: what comes first goes first.
    const pieces: Buffer[] = []
    let queued = 0
    from.on('data', (piece) => {
      pieces.push(piece)
      queued += piece.length
      if (queued > QUEUED_BYTES) from.pause()
      later(piece.length, () => {
        const first = pieces.shift()
        if (first === undefined) return
        queued -= first.length
        to.write(first)
        if (queued <= QUEUED_BYTES) from.resume()
        if (pieces.length === 0 && from.readableEnded) to.end()
      })
    })
    from.on('end', () => {
      if (pieces.length === 0) to.end()
    })
    // Either side may leave as it likes; the other one is told.
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
  }
}
