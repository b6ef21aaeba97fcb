import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/**
 * A connection of our own: what is sent stands in the test, what comes back is kept byte for byte. One that is half open
 * goes on when the other end has said its last.
 */
export async function openRaw(url: string, { allowHalfOpen = false } = {}) {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen })
  // Whoever attacks is cut off now and then.
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  return { socket, closed, received: () => received }
}

/** All that comes back until the other end has closed the connection. */
export async function talkRaw(url: string, sent: string | Buffer): Promise<string> {
  const { socket, closed, received } = await openRaw(url)
  socket.write(sent)
  await closed
  return received()
}

/** The statuses of answers that came one behind the other, interim ones too. */
export const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

/** How many sockets this process has open, at both ends. Linux only. */
export function openSockets(): number {
  return readdirSync('/proc/self/fd').filter(isSocket).length
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
  } catch {
    // The listing itself was one of them.
    return false
  }
}

/** Sends `head` and then `piece` so many times, and reads nothing until all of it has left. */
export async function sendUnread(
  socket: Socket,
  head: string,
  { piece, times }: { readonly piece: Buffer; readonly times: number },
): Promise<void> {
  socket.pause()
  socket.write(head)
  for (let sent = 0; sent < times; sent += 1) {
    await new Promise<void>((resolve, reject) =>
      socket.write(piece, (error) => (error ? reject(error) : resolve())),
    )
  }
  socket.resume()
}
