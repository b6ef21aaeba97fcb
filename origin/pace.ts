import type { IncomingMessage, ServerResponse } from 'node:http'

export interface PaceOptions {
  /** How often it is looked. */
  readonly windowMs: number
  /** What a client that is waited for must send in each such time, however steadily it sends. */
  readonly minBytes: number
}

/**
 * Ends the connection of a client that stalls, or that sends a body in a trickle. How long a body takes in all is not
 * looked at: a slow upload that goes on is left in peace. Of a client that takes its answer slowly only the stall is seen,
 * since what the kernel has taken from us says little about what the client has.
 */
export function watchPace(incoming: IncomingMessage, response: ServerResponse, options: PaceOptions): void {
  if (hasBody(incoming)) watchSender(incoming, response, options)
  // Without a listener Node would end the connection here, even while our own disk is what is slow.
  response.on('timeout', () => {
    const isToTake = response.headersSent && response.writableLength > 0
    if (isToSend(incoming) || isToTake) incoming.socket.destroy()
  })
}

/** Whether a body comes after the head, be it of no length. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function watchSender(
  incoming: IncomingMessage,
  response: ServerResponse,
  { windowMs, minBytes }: PaceOptions,
): void {
  const { socket } = incoming
  let read = socket.bytesRead
  const timer = setInterval(() => {
    // What had been answered before its client left, is not told that it will never be complete.
    if (socket.destroyed) return clearInterval(timer)
    if (socket.bytesRead - read < minBytes && isToSend(incoming)) socket.destroy()
    read = socket.bytesRead
  }, windowMs)
  timer.unref()
  const stopIfOver = (): void => {
    if (response.closed && (incoming.complete || incoming.destroyed)) clearInterval(timer)
  }
  response.once('close', stopIfOver)
  incoming.once('close', stopIfOver)
}

/** Whether more of the body is to come, and none of it waits for us. */
function isToSend(incoming: IncomingMessage): boolean {
  return !incoming.complete && incoming.readableLength === 0
}
