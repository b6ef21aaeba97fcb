import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { type Cursor, listPage } from '../store/list-page.ts'
import { contents, echo, groups, invalid, keyEncoding, maxKeys, type Query } from './listing.ts'

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
      ...groups(prefixes, encode),
    ]),
  )
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
