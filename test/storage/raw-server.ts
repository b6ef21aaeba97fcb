import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
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
  /** Sockets that are open now. */
  sockets(): Promise<number>
}

/** Starts a server that answers by `script`, its last entry for all that follow. */
export async function startScript(
  script: readonly Answer[],
  options: Partial<S3Options> = {},
): Promise<ScriptedBucket> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const answer = script[Math.min(requests.length, script.length - 1)]
    requests.push(`${request.method} ${request.url}`)
    request.resume()
    request.once('end', () => answer?.(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
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
    sockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
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
