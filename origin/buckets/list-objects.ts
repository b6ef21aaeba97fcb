import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { type Cursor, commonPrefix, listPage } from '../store/list-page.ts'
import { contents, echo, groups, keyEncoding, maxKeys } from './listing.ts'

/** One page of a bucket's keys, by the first version of the operation: it goes on after a key, not by a token. */
export function listObjects({ request, store }: OperationContext): Reply {
  const { query } = request
  const bucket = store.getBucket(request.bucket)
  const encode = keyEncoding(query)
  const limit = maxKeys(query)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const marker = query.get('marker') ?? ''
  const after = cursorOf(marker, prefix, delimiter)
  const { records, prefixes, next } = listPage(bucket.index, { prefix, delimiter, limit, after })
  // S3 names the next marker only where a client could not know it: without a delimiter it is the last key.
  const nextMarker = delimiter === '' ? undefined : next?.value
  return xmlReply(
    xmlDocument('ListBucketResult', [
      element('Name', bucket.name),
      element('Prefix', encode(prefix)),
      element('Marker', encode(marker)),
      ...(nextMarker === undefined ? [] : [element('NextMarker', encode(nextMarker))]),
      element('MaxKeys', limit),
      ...echo(query, 'Delimiter', encode),
      ...echo(query, 'EncodingType', (type) => type),
      element('IsTruncated', next !== undefined),
      ...records.map((record) => contents(record, encode(record.key), true)),
      ...groups(prefixes, encode),
    ]),
  )
}

/** A marker that is a common prefix of this listing stands for all its keys: so S3 goes on after a `NextMarker`. */
function cursorOf(marker: string, prefix: string, delimiter: string): Cursor | undefined {
  if (marker === '') return undefined
  const isGroup = marker.startsWith(prefix) && commonPrefix(marker, { prefix, delimiter }) === marker
  return { kind: isGroup ? 'prefix' : 'key', value: marker }
}
