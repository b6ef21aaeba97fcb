import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import { ACCESS_KEY, SECRET } from './start-test-origin.ts'

export interface RawRequest {
  readonly url: string
  readonly method?: string
  /** Raw: sent and signed as it stands. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** The value of `x-amz-content-sha256`; the real hash when missing. */
  readonly payload?: string
  readonly accessKey?: string
  readonly secret?: string
  readonly region?: string
  readonly signedAt?: Date
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The `Code` of an error document. */
  readonly code: string | undefined
}

/** What is sent: everything but the socket. */
export interface Prepared {
  readonly url: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
}

/** Signs a request in its header, by hand. */
export async function signRequest(raw: RawRequest): Promise<Prepared> {
  const { hostname, port, host } = new URL(raw.url)
  const payload = raw.payload ?? sha256(raw.body ?? '')
  const signed = await signer(raw).sign(
    {
      protocol: 'http:',
      hostname,
      port: Number(port),
      method: raw.method ?? 'GET',
      path: raw.path,
      query: { ...raw.query },
      headers: { ...lower(raw.headers), host, 'x-amz-content-sha256': payload },
      body: raw.body,
    },
    { signingDate: raw.signedAt ?? new Date() },
  )
  return prepared(raw, signed.headers, raw.query)
}

/** Signs a request in its query; the headers given are signed too. */
export async function presign(raw: RawRequest, expiresIn = 300): Promise<Prepared> {
  const { hostname, port, host } = new URL(raw.url)
  const headers = lower(raw.headers)
  const signed = await signer(raw).presign(
    {
      protocol: 'http:',
      hostname,
      port: Number(port),
      method: raw.method ?? 'GET',
      path: raw.path,
      query: { ...raw.query },
      headers: { ...headers, host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    {
      expiresIn,
      signingDate: raw.signedAt ?? new Date(),
      unhoistableHeaders: new Set(Object.keys(headers)),
    },
  )
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(signed.query ?? {}))
    if (typeof value === 'string') query[name] = value
  return prepared(raw, headers, query)
}

/** Sends what was prepared, on a connection of its own; header values are UTF-8 on the wire, both ways. */
export async function send({ url, method, path, headers, body = '' }: Prepared): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const wire = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')])
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, headers: Object.fromEntries(wire), agent: false }
    const request = httpRequest(options, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const all = Buffer.concat(pieces)
        const code = /<Code>(\w+)<\/Code>/.exec(all.toString())?.[1]
        resolve({ status: response.statusCode ?? 0, headers: readable(response.headers), body: all, code })
      })
    })
    request.on('error', reject)
    request.end(Buffer.from(body))
  })
}

function readable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? Buffer.from(value, 'latin1').toString() : value,
    ]),
  )
}

/** Signs in the header and sends. */
export async function sendSigned(raw: RawRequest): Promise<RawAnswer> {
  return send(await signRequest(raw))
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

function signer({ accessKey = ACCESS_KEY, secret = SECRET, region = 'us-east-1' }: RawRequest): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secret },
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
}

function prepared(
  raw: RawRequest,
  headers: Readonly<Record<string, string>>,
  query: RawRequest['query'],
): Prepared {
  const pairs = Object.entries(query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  const path = pairs.length > 0 ? `${raw.path}?${pairs.join('&')}` : raw.path
  return { url: raw.url, method: raw.method ?? 'GET', path, headers, body: raw.body }
}

function lower(headers: RawRequest['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
}

type Source = string | ArrayBuffer | ArrayBufferView

/** Node's SHA-256, with a key or without, in the shape that the signer wants. */
class NodeSha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: Source) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret))
  }

  update(data: Source): void {
    this.#hash.update(bytes(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

function bytes(source: Source): Buffer {
  if (typeof source === 'string') return Buffer.from(source)
  return ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    : Buffer.from(source)
}
