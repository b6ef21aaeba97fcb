import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from '../s3-error.ts'
import { toHeaderValue } from './stored-headers.ts'

/** One request as S3 sees it: bucket and key decoded once, the raw path kept, since that is what is signed. */
export interface S3Request {
  readonly id: string
  readonly method: string
  /** Path and query as they came. */
  readonly target: string
  readonly rawPath: string
  /** Decoded; a name that comes twice is refused. */
  readonly query: ReadonlyMap<string, string>
  /** Lower-case names; repeated headers joined by commas, byte for byte (latin1). */
  readonly sentHeaders: ReadonlyMap<string, string>
  /** The sent headers, and the `x-amz-*` parameters that a presigned URL carries in their place. */
  readonly headers: ReadonlyMap<string, string>
  /** Empty when the request is to the service itself. */
  readonly bucket: string
  /** Empty when the request is to the bucket itself. */
  readonly key: string
}

const MAX_KEY_BYTES = 1024

const PROCESS = randomBytes(4).toString('hex').toUpperCase()
let requests = 0

/** Reads the head of a request; throws `InvalidURI`, `InvalidArgument` or `KeyTooLongError`. */
export function parseRequest(incoming: IncomingMessage): S3Request {
  const target = incoming.url ?? ''
  if (!/^\/[\x21-\x7e]*$/.test(target)) throw unreadable()
  const mark = target.indexOf('?')
  const rawPath = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? new Map<string, string>() : parseQuery(target.slice(mark + 1))
  const sentHeaders = joinHeaders(incoming)
  const slash = rawPath.indexOf('/', 1)
  const bucket = decode(slash === -1 ? rawPath.slice(1) : rawPath.slice(1, slash))
  const key = slash === -1 ? '' : decode(rawPath.slice(slash + 1))
  checkKeyLength(key)
  return {
    id: newRequestId(),
    method: incoming.method ?? '',
    target,
    rawPath,
    query,
    sentHeaders,
    headers: query.has('X-Amz-Signature') ? withHoisted(sentHeaders, query) : sentHeaders,
    bucket,
    key,
  }
}

/** Throws `KeyTooLongError` for a key of more than 1,024 bytes. */
export function checkKeyLength(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long')
}

/** Whether a query parameter stands for a header of the same name in a presigned URL. */
export function isHoisted(name: string): boolean {
  return name.startsWith('x-amz-')
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(plusToSpace(equals === -1 ? part : part.slice(0, equals)))
    if (query.has(name))
      throw new S3Error('InvalidArgument', 'A query parameter may be given once', { ArgumentName: name })
    query.set(name, equals === -1 ? '' : decode(plusToSpace(part.slice(equals + 1))))
  }
  return query
}

/** Sixteen digits: eight of the process, by chance, and eight that count. */
function newRequestId(): string {
  requests = (requests + 1) >>> 0
  return PROCESS + requests.toString(16).toUpperCase().padStart(8, '0')
}

function joinHeaders({ rawHeaders }: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

/**
 * SDKs move headers into the query when they presign. AWS ignores the checksum among them, and must be followed in
 * that: the SDK signs the checksum of an empty body there, since it has no other when it presigns.
 */
function withHoisted(
  sent: ReadonlyMap<string, string>,
  query: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let headers: Map<string, string> | undefined
  for (const [name, value] of query) {
    if (!isHoisted(name) || sent.has(name)) continue
    const ignored =
      (name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-mode') ||
      name === 'x-amz-sdk-checksum-algorithm'
    if (!ignored) (headers ??= new Map(sent)).set(name, toHeaderValue(name, value))
  }
  return headers ?? sent
}

function plusToSpace(text: string): string {
  return text.includes('+') ? text.replaceAll('+', ' ') : text
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw unreadable()
  }
}

function unreadable(): S3Error {
  return new S3Error('InvalidURI', "Couldn't parse the specified URI.")
}
