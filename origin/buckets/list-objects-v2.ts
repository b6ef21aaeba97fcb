import { checksumType } from '../objects/object-headers.ts'
import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import { type Cursor, listPage } from '../store/list-page.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import { OWNER } from './owner.ts'

type Query = ReadonlyMap<string, string>

const MAX_KEYS = 1000

/** One page of a bucket's keys. */
export function listObjectsV2({ request, store }: OperationContext): Reply {
  const { query } = request
  const bucket = store.getBucket(request.bucket)
  if (query.get('list-type') !== '2') throw invalid('list-type', 'list-type must be 2')
  const encode = keyEncoding(query)
  const limit = maxKeys(query)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const page = listPage(bucket.index, { prefix, delimiter, limit, after: cursorOf(query) })
  const { records, prefixes, next } = page
  return xmlReply(
    xmlDocument('ListBucketResult', [
      element('Name', bucket.name),
      element('Prefix', encode(prefix)),
      ...echo(query, 'Delimiter', encode),
      ...echo(query, 'StartAfter', encode),
      ...echo(query, 'ContinuationToken', (token) => token),
      ...echo(query, 'EncodingType', (type) => type),
      element('MaxKeys', limit),
      element('KeyCount', records.length + prefixes.length),
      element('IsTruncated', next !== undefined),
      ...(next ? [element('NextContinuationToken', formatToken(next))] : []),
      ...records.map((record) => contents(record, encode(record.key), query.get('fetch-owner') === 'true')),
      ...prefixes.map((group) => element('CommonPrefixes', [element('Prefix', encode(group))])),
    ]),
  )
}

function contents(record: ObjectRecord, key: string, withOwner: boolean): Xml {
  return element('Contents', [
    element('Key', key),
    element('LastModified', new Date(record.lastModified).toISOString()),
    element('ETag', `"${record.etag}"`),
    ...(record.checksum ? [element('ChecksumAlgorithm', record.checksum.name.toUpperCase())] : []),
    ...(record.checksum ? [element('ChecksumType', checksumType(record.checksum))] : []),
    element('Size', record.bytes),
    element('StorageClass', 'STANDARD'),
    ...(withOwner ? [OWNER] : []),
  ])
}

function echo(query: Query, name: string, encode: (value: string) => string): Xml[] {
  const parameter = name.replaceAll(/\B[A-Z]/g, '-$&').toLowerCase()
  const value = query.get(parameter)
  return value === undefined ? [] : [element(name, encode(value))]
}

/** Keys may hold characters that XML cannot; `url` is how a client asks for them unharmed. Slashes stay as they are. */
export function keyEncoding(query: Query): (key: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined) return (key) => key
  if (type !== 'url') throw invalid('encoding-type', 'Invalid Encoding Method specified in Request')
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/')
}

function maxKeys(query: Query): number {
  const value = query.get('max-keys') ?? String(MAX_KEYS)
  if (!/^\d{1,10}$/.test(value))
    throw invalid('max-keys', 'Provided max-keys not an integer or within integer range')
  return Math.min(Number(value), MAX_KEYS)
}

function cursorOf(query: Query): Cursor | undefined {
  const token = query.get('continuation-token')
  if (token !== undefined) return parseToken(token)
  const startAfter = query.get('start-after')
  return startAfter === undefined ? undefined : { kind: 'key', value: startAfter }
}

function formatToken({ kind, value }: Cursor): string {
  return Buffer.from(`${kind}:${value}`).toString('base64url')
}

function parseToken(token: string): Cursor {
  const [, kind, value = ''] = /^(key|prefix):(.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (kind === 'key' || kind === 'prefix') {
    const cursor: Cursor = { kind, value }
    if (formatToken(cursor) === token) return cursor
  }
  throw invalid('continuation-token', 'The continuation token provided is incorrect')
}

function invalid(name: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, { ArgumentName: name })
}
