import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import type { S3Options } from '../../src/storage/s3-client.ts'

/** Answers one request; the next request is answered by the next one of a script. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that does what a script says, and a store that talks to it. */
export interface ScriptedBucket extends AsyncDisposable {
  readonly store: S3ObjectStore
  readonly url: string
  /** Method and path of every request, in order. */
  readonly requests: readonly string[]
  /** The `Authorization` of every request. */
  readonly authorizations: readonly string[]
  /** How many requests had their connection closed by the client before they were answered. */
  readonly abandoned: () => number
}

/** Starts a server that answers by `script`, its last entry for all that follow. */
export async function startScript(
  script: readonly Answer[],
  options: Partial<S3Options> = {},
): Promise<ScriptedBucket> {
  const requests: string[] = []
  const authorizations: string[] = []
  let abandoned = 0
  const server = createServer((request, response) => {
    const answer = script[Math.min(requests.length, script.length - 1)]
    requests.push(`${request.method} ${request.url}`)
    authorizations.push(request.headers.authorization ?? '')
    request.resume()
    response.once('close', () => {
      if (!response.writableFinished) abandoned += 1
    })
    request.once('end', () => answer?.(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const store = createS3ObjectStore({
    bucket: 'bucket',
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'a-very-secret-value' },
    ...options,
  })
  return {
    store,
    url,
    requests,
    authorizations,
    abandoned: () => abandoned,
    async [Symbol.asyncDispose]() {
      store.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** An error as S3 sends it. */
export function failure(status: number, code: string): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>at 10.0.0.7</Message></Error>`)
  }
}

/** An object whose answer can be spoilt by other headers. */
export function object(body: string | Buffer, headers: Record<string, string | number> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, {
      etag: '"1"',
      'last-modified': new Date(0).toUTCString(),
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    response.end(body)
  }
}

/** An answer that never comes. */
export const silence: Answer = () => {}

/** A beginning of a body that never goes on. */
export function stalled(bytes: number): Answer {
  return (_request, response) => {
    response.writeHead(200, {
      etag: '"1"',
      'last-modified': new Date(0).toUTCString(),
      'content-length': bytes,
    })
    response.write('the first of them')
  }
}

/** A page that is not S3's. */
export function html(status: number): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><title>No</html>')
  }
}

/** Half of the body, then the end of the connection. */
export function cutShort(body: string): Answer {
  return (_request, response) => {
    response.writeHead(200, {
      etag: '"1"',
      'last-modified': new Date(0).toUTCString(),
      'content-length': Buffer.byteLength(body) * 2,
    })
    response.write(body, () => response.destroy())
  }
}
