import { createHmac } from 'node:crypto'
import { type RawAnswer, type RawRequest, send, sha256, signRequest } from './signed-request.ts'
import { SECRET } from './start-test-origin.ts'

export interface ChunkedRequest extends RawRequest {
  readonly chunks: readonly string[]
  readonly signed: boolean
  readonly trailers?: Readonly<Record<string, string>>
  /** Spoils the body before it is sent. */
  readonly spoil?: (body: string) => string
  /** Announced instead of the true length. */
  readonly decodedLength?: number
}

/** Sends an aws-chunked body: framed, and where asked signed, as the specification has it. ASCII only. */
export async function sendChunked(raw: ChunkedRequest): Promise<RawAnswer> {
  const {
    chunks,
    signed,
    trailers,
    spoil = (body: string) => body,
    decodedLength = chunks.join('').length,
  } = raw
  const form = `STREAMING-${signed ? 'AWS4-HMAC-SHA256' : 'UNSIGNED'}-PAYLOAD${trailers ? '-TRAILER' : ''}`
  const prepared = await signRequest({
    ...raw,
    method: 'PUT',
    payload: form,
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(decodedLength),
      ...(trailers && { 'x-amz-trailer': Object.keys(trailers).join(',') }),
      ...raw.headers,
    },
  })
  const body = spoil(
    frame(chunks, trailers, signed ? new Signatures(prepared.headers, raw.secret) : undefined),
  )
  return send({ ...prepared, body, headers: { ...prepared.headers, 'content-length': String(body.length) } })
}

function frame(
  chunks: readonly string[],
  trailers: ChunkedRequest['trailers'],
  signatures: Signatures | undefined,
): string {
  const frames = [...chunks, ''].map((chunk) => {
    const signature = signatures ? `;chunk-signature=${signatures.ofChunk(chunk)}` : ''
    return `${chunk.length.toString(16)}${signature}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
  })
  const lines = Object.entries(trailers ?? {}).map(([name, value]) => `${name}:${value}`)
  if (trailers && signatures) lines.push(`x-amz-trailer-signature:${signatures.ofTrailer(lines)}`)
  return `${frames.join('')}${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}

/** The chain of signatures that begins with the request's. */
class Signatures {
  readonly #key: Buffer
  readonly #timestamp: string
  readonly #scope: string
  #previous: string

  constructor(headers: Readonly<Record<string, string>>, secret = SECRET) {
    const authorization = headers['authorization'] ?? ''
    this.#timestamp = headers['x-amz-date'] ?? ''
    this.#scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? ''
    this.#previous = /Signature=(\w+)/.exec(authorization)?.[1] ?? ''
    this.#key = this.#scope
      .split('/')
      .reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
  }

  ofChunk(chunk: string): string {
    return this.#next([
      'AWS4-HMAC-SHA256-PAYLOAD',
      this.#timestamp,
      this.#scope,
      this.#previous,
      sha256(''),
      sha256(chunk),
    ])
  }

  ofTrailer(lines: readonly string[]): string {
    const digest = sha256(lines.map((line) => `${line}\n`).join(''))
    return this.#next(['AWS4-HMAC-SHA256-TRAILER', this.#timestamp, this.#scope, this.#previous, digest])
  }

  #next(lines: readonly string[]): string {
    this.#previous = hmac(this.#key, lines.join('\n')).toString('hex')
    return this.#previous
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
