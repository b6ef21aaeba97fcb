import { Readable } from 'node:stream'
import type {
  _Object,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import type { GatewayError } from '../errors.ts'
import type { GetResult, ListedObject, ObjectFacts } from './object-store.ts'
import { brokenAnswer, toGatewayError } from './s3-errors.ts'
import { findCorruption } from './stamp.ts'

/** The bytes were not those that the store has: the connection or something on the way is at fault. */
export interface BrokenBody {
  readonly outcome: 'broken'
  readonly cause: GatewayError
}

/** What the head of an answer says of an object; an answer without ETag, length or time is broken. */
export function toFacts(key: string, answer: HeadObjectCommandOutput | GetObjectCommandOutput): ObjectFacts {
  return {
    key,
    etag: required(answer.ETag, 'ETag'),
    bytes: required(answer.ContentLength, 'Content-Length'),
    lastModified: required(answer.LastModified, 'Last-Modified'),
    contentType: answer.ContentType ?? 'application/octet-stream',
    ...(answer.CacheControl !== undefined && { cacheControl: answer.CacheControl }),
    metadata: answer.Metadata ?? {},
  }
}

/**
 * Reads the body of an answer whole and checks it: its length, our checksum, and (inside the SDK) the store's.
 * A body over `maxBytes` is not read, and its socket is given up.
 */
export async function readBody(
  facts: ObjectFacts,
  body: unknown,
  maxBytes = Infinity,
): Promise<GetResult | BrokenBody> {
  if (!(body instanceof Readable)) throw brokenAnswer('GetObject answered without a body')
  if (facts.bytes > maxBytes) {
    discard(body)
    return { outcome: 'too-large', bytes: facts.bytes }
  }
  try {
    const bytes = await collect(body, facts.bytes)
    const corruption = findCorruption(bytes, facts.metadata)
    if (corruption === undefined) return { outcome: 'found', object: { ...facts, body: bytes } }
    return { outcome: 'broken', cause: brokenAnswer(corruption) }
  } catch (error) {
    return { outcome: 'broken', cause: toGatewayError(error) }
  }
}

/** The objects of one page of a listing and the token of the next page, if there is one. */
export function readPage(answer: ListObjectsV2CommandOutput): {
  objects: ListedObject[]
  next: string | undefined
} {
  const decode = answer.EncodingType === 'url' ? decodeKey : (key: string) => key
  const next = answer.IsTruncated ? answer.NextContinuationToken : undefined
  if (answer.IsTruncated && next === undefined) throw brokenAnswer('a truncated listing without a token')
  return { objects: (answer.Contents ?? []).map((entry) => toListedObject(entry, decode)), next }
}

async function collect(body: Readable, length: number): Promise<Buffer<ArrayBuffer>> {
  // Memory of its own, not a slice of Buffer's pool: it is kept for long and handed to other threads.
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk) || filled + chunk.length > length) {
      throw brokenAnswer(`more than the ${length} bytes announced`)
    }
    filled += chunk.copy(bytes, filled)
  }
  if (filled !== length) throw brokenAnswer(`${filled} bytes of the ${length} announced`)
  return bytes
}

function discard(body: Readable): void {
  // A body torn down early reports that as an error; nobody is to hear of it.
  body.on('error', () => {})
  body.destroy()
}

function toListedObject(entry: _Object, decode: (key: string) => string): ListedObject {
  return {
    key: decode(required(entry.Key, 'Key')),
    etag: required(entry.ETag, 'ETag'),
    bytes: required(entry.Size, 'Size'),
    lastModified: required(entry.LastModified, 'LastModified'),
  }
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === '') throw brokenAnswer(`an answer without ${name}`)
  return value
}

// S3 encodes the keys of a listing as forms do: a plus sign is a space.
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', '%20'))
}
