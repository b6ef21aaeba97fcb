import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'

/** What is wrong with a request that Node takes, and that two servers could understand in two ways. */
export function findFault(request: IncomingMessage): GatewayError | undefined {
  const { headers, rawHeaders, httpVersion } = request
  // Node takes a request line without a version for HTTP/0.9, headers and all.
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return new GatewayError('invalid_request', 'request line: must end in HTTP/1.1')
  // RFC 9112 §3.2: one server looks at the first, another at the last.
  if (countHosts(rawHeaders) !== 1) return new GatewayError('invalid_request', 'Host: must be there once')
  const coding = headers['transfer-encoding']
  // RFC 9112 §6.1: of HTTP/1.0 it is a fault, and what is not `chunked` we cannot read.
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked'))
    return new GatewayError('invalid_request', 'Transfer-Encoding: must be chunked, in HTTP/1.1')
  return undefined
}

const WITHOUT_BODY: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Whether a request must be the last on its connection: it has a body that its method has no use for, which may never
 * come, or it offers another protocol, behind which Node loses what was sent along.
 */
export function isLast({ method, headers }: IncomingMessage): boolean {
  if (headers.upgrade !== undefined) return true
  return WITHOUT_BODY.has(method) && hasBody(headers)
}

function hasBody({ 'content-length': length, 'transfer-encoding': coding }: IncomingHttpHeaders): boolean {
  return coding !== undefined || (length !== undefined && length !== '0')
}

/**
 * Ends the connection with an answer that comes before its request has come whole: what is left of that is thrown away
 * with it, and whoever sent another request behind would not be answered.
 */
export function endUnread(request: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(request.headers)) return
  const writeHead = response.writeHead.bind(response)
  response.writeHead = (...head: unknown[]): ServerResponse => {
    if (!request.complete) response.shouldKeepAlive = false
    Reflect.apply(writeHead, undefined, head)
    return response
  }
}

/** Why a request could not be read, from the parser's error; `undefined` where nobody is there to be told. */
export function unreadable(error: NodeJS.ErrnoException): GatewayError | undefined {
  const options = { cause: error }
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return new GatewayError('headers_too_large', 'The head of the request is too large', options)
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new GatewayError('body_too_large', 'chunk extensions: too large', options)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GatewayError('request_timed_out', 'The request came too slowly', options)
    default:
      return new GatewayError('invalid_request', 'The request cannot be read', options)
  }
}

/** The head and the body of a refusal by which the connection ends. */
export function refusal({ code, status, message }: GatewayError): {
  headers: Record<string, string>
  body: string
} {
  const problem = { type: 'about:blank', title: code, status, detail: message, code }
  const body = JSON.stringify(problem)
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': `${Buffer.byteLength(body)}`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  }
  return { headers, body }
}

/** Refuses on a bare socket, where there is no response to write to, and ends it. */
export function refuseOn(socket: Socket, fault: GatewayError): void {
  const { headers, body } = refusal(fault)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroySoon()
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}
