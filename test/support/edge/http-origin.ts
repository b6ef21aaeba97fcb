import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { EdgeAnswer, EdgeOrigin } from './edge.ts'

/** How long an origin may be silent, and how long a whole answer may take. */
export interface HttpOriginOptions {
  readonly readTimeoutMs: number
  readonly completionTimeoutMs: number
}

/** An origin over HTTP/1.1; the target goes out as it stands, and a body that breaks off is told from a whole one. */
export function createHttpOrigin(url: string, options: HttpOriginOptions): EdgeOrigin {
  const { protocol, hostname, port } = new URL(url)
  const request = protocol === 'https:' ? httpsRequest : httpRequest
  return ({ method, target, headers }, signal) =>
    new Promise((resolve, reject) => {
      const late = AbortSignal.timeout(options.completionTimeoutMs)
      const outgoing = request({
        protocol,
        hostname,
        port,
        method,
        path: target,
        headers,
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      })
      silenceAfter(outgoing, options.readTimeoutMs)
      outgoing.on('response', (response) => {
        // An answer that breaks off is an answer; only before its head it is none.
        read(response).then(resolve, reject)
      })
      // Both time-outs are known by one name.
      outgoing.on('error', (error) => reject(late.aborted ? late.reason : error))
      outgoing.end()
    })
}

/** An origin in this process: a function from target and request to a response, as hono's `app.request` is one. */
export function createResponseOrigin(
  respond: (target: string, init: RequestInit) => Response | Promise<Response>,
): EdgeOrigin {
  return async ({ method, target, headers }) => {
    const response = await respond(target, { method, headers })
    const chunks: Uint8Array[] = []
    const complete = await drain(response.body, chunks)
    const given = Object.fromEntries(response.headers)
    return { status: response.status, headers: given, body: Buffer.concat(chunks), complete }
  }
}

function silenceAfter(outgoing: ClientRequest, readTimeoutMs: number): void {
  outgoing.setTimeout(readTimeoutMs, () =>
    outgoing.destroy(new DOMException('The origin is silent', 'TimeoutError')),
  )
}

async function read(response: IncomingMessage): Promise<EdgeAnswer> {
  const chunks: Buffer[] = []
  const complete = await drain(response, chunks)
  const { statusCode: status = 502, headers } = response
  return { status, headers: flatHeaders(headers), body: Buffer.concat(chunks), complete }
}

/** Headers with one value each: several are joined by commas. */
export function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  )
}

/** Reads a body; says whether it came to its end, which is all that its breaking off means to the edge. */
async function drain(body: AsyncIterable<Uint8Array> | null, chunks: Uint8Array[]): Promise<boolean> {
  try {
    for await (const chunk of body ?? []) chunks.push(chunk)
    return true
  } catch {
    return false
  }
}
