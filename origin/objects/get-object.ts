import type { IncomingBody } from '../body/receive-body.ts'
import type { OperationContext } from '../operation.ts'
import { ANONYMOUS } from '../policy/anonymous-read.ts'
import { type ByteRange, parseRange } from '../protocol/byte-range.ts'
import { evaluateRead, preconditionFailed, rangeApplies, readConditions } from '../protocol/conditions.ts'
import type { Reply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { overrideHeaders } from '../protocol/stored-headers.ts'
import { S3Error } from '../s3-error.ts'
import type { Bucket } from '../store/bucket.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import { checksumHeaders, headersOfWhole, tagCountHeader, validatorHeaders } from './object-headers.ts'
import { missingBlob, readBody } from './read-body.ts'

/** What RFC 9110 wants of a 304. */
const KEPT_BY_304: ReadonlySet<string> = new Set(['etag', 'last-modified', 'cache-control', 'expires'])

/** How often a reader may find that the object was replaced between look-up and opening. */
const MAX_ATTEMPTS = 10

/** An object, or a part of it. */
export async function getObject({ request, body: incoming, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const record = findObject(bucket, request.key)
    const { reply, range } = describe(incoming, record)
    if (range === undefined) return reply
    const body = await readBody(store.blobs, record, range)
    if (body) return { status: reply.status, headers: reply.headers, body }
    if (bucket.find(request.key) === record) throw missingBlob(record)
  }
  throw new S3Error(
    'ServiceUnavailable',
    'The object is being replaced too fast to be read. Please try again.',
  )
}

/** What there is to say of an object, without its bytes. */
export function headObject({ request, body, store }: OperationContext): Reply {
  return describe(body, findObject(store.getBucket(request.bucket), request.key)).reply
}

/** The record of an object; throws `NoSuchKey`. */
export function findObject(bucket: Bucket, key: string): ObjectRecord {
  const record = bucket.find(key)
  if (record) return record
  throw noSuchKey(key)
}

/** The refusal of a request to an object that is not there. */
export function noSuchKey(key: string): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
}

/** Status and headers, and which bytes go with them: none for a 304. */
function describe(
  { request, identity }: IncomingBody,
  record: ObjectRecord,
): { reply: Reply; range?: ByteRange } {
  // Most reads: who asks for the whole object as it is stored gets what is known of it already.
  if (identity !== ANONYMOUS && !isSelective(request)) {
    return { reply: { status: 200, headers: headersOfWhole(record) }, range: whole(record) }
  }
  const verdict = evaluateRead(readConditions(request.headers), record)
  if (verdict === 'failed') throw preconditionFailed('If-Match')
  const headers = {
    ...overrideHeaders(record.headers, request.query),
    ...validatorHeaders(record),
    // A policy that shows an object to everyone shows nothing of its tags.
    ...(identity !== ANONYMOUS && tagCountHeader(record)),
  }
  if (verdict === 'unmodified') return { reply: { status: 304, headers: notModifiedHeaders(headers) } }
  const asked = rangeApplies(request.headers.get('if-range'), record)
    ? request.headers.get('range')
    : undefined
  const range = parseRange(asked, record.bytes)
  if (range === 'unsatisfiable') throw unsatisfiable(record)
  const { first, last } = range === 'whole' ? whole(record) : range
  const withLength = { ...headers, 'accept-ranges': 'bytes', 'content-length': String(last - first + 1) }
  if (range !== 'whole') {
    const contentRange = `bytes ${first}-${last}/${record.bytes}`
    return {
      reply: { status: 206, headers: { ...withLength, 'content-range': contentRange } },
      range: { first, last },
    }
  }
  const checksums =
    request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' ? checksumHeaders(record) : {}
  return { reply: { status: 200, headers: { ...withLength, ...checksums } }, range: { first, last } }
}

/** Headers of a read by which its answer differs from the whole object. */
const SELECTING_HEADERS = [
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'x-amz-checksum-mode',
]

function isSelective({ headers, query }: S3Request): boolean {
  if (SELECTING_HEADERS.some((name) => headers.has(name))) return true
  for (const name of query.keys()) if (name.startsWith('response-')) return true
  return false
}

function whole({ bytes }: ObjectRecord): ByteRange {
  return { first: 0, last: bytes - 1 }
}

function notModifiedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_BY_304.has(name)))
}

function unsatisfiable(record: ObjectRecord): S3Error {
  return new S3Error('InvalidRange', 'The requested range is not satisfiable', {
    ActualObjectSize: String(record.bytes),
  })
}
