import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { hasCode } from './store/files.ts'

/** Whether two servers could understand a request in two ways, of which Node takes one. */
export function isAmbiguous({ headers, httpVersion, rawHeaders }: IncomingMessage): boolean {
  // Node takes a request line without a version for HTTP/0.9, headers and all.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true
  // RFC 9112 §3.2: one looks at the first, another at the last.
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1) return true
  const coding = headers['transfer-encoding']
  // RFC 9112 §6.1.
  return coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')
}

/** The status lines of what the parser refuses; all else is a bad request. */
const REFUSALS: readonly (readonly [code: string, line: string])[] = [
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]

/** The last request on a connection, answered or not. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
}

/** Refuses what cannot be read and ends the connection, but never gives the same request a second answer. */
export function refuseUnreadable(error: Error, socket: Socket, last: Exchange | undefined): void {
  const isAnswered = last !== undefined && last.response.headersSent
  const isLast =
    isAnswered &&
    (!last.incoming.complete || !last.response.writableFinished || !last.response.shouldKeepAlive)
  if (hasCode(error, 'ECONNRESET') || !socket.writable) {
    socket.destroy()
    return
  }
  const [, line = '400 Bad Request'] = REFUSALS.find(([code]) => hasCode(error, code)) ?? []
  if (!isLast) socket.write(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  socket.destroySoon()
}
