import { keyEncoding } from '../buckets/listing.ts'
import { OWNER } from '../buckets/owner.ts'
import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { pageOfUploads } from '../uploads/list-uploads.ts'
import type { Upload } from '../uploads/upload-record.ts'
import { INITIATOR } from './initiator.ts'
import { pageLimit } from './upload-parameters.ts'

/** One page of a bucket's unfinished uploads. */
export function listMultipartUploads({ request, store }: OperationContext): Reply {
  const { query } = request
  const bucket = store.getBucket(request.bucket)
  const encode = keyEncoding(query)
  const asked = {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    keyMarker: query.get('key-marker') ?? '',
    idMarker: query.get('upload-id-marker') ?? '',
  }
  const limit = pageLimit(query, 'max-uploads')
  const { uploads, prefixes, next } = pageOfUploads(store.uploads.list(bucket.name), { ...asked, limit })
  return xmlReply(
    xmlDocument('ListMultipartUploadsResult', [
      element('Bucket', bucket.name),
      element('KeyMarker', encode(asked.keyMarker)),
      element('UploadIdMarker', asked.idMarker),
      ...(next ? [element('NextKeyMarker', encode(next.key)), element('NextUploadIdMarker', next.id)] : []),
      element('Prefix', encode(asked.prefix)),
      ...(query.has('delimiter') ? [element('Delimiter', encode(asked.delimiter))] : []),
      ...(query.has('encoding-type') ? [element('EncodingType', 'url')] : []),
      element('MaxUploads', limit),
      element('IsTruncated', next !== undefined),
      ...uploads.map((upload) => uploadElement(upload, encode(upload.key))),
      ...prefixes.map((group) => element('CommonPrefixes', [element('Prefix', encode(group))])),
    ]),
  )
}

function uploadElement({ id, initiatedAt, checksum }: Upload, key: string): Xml {
  return element('Upload', [
    element('Key', key),
    element('UploadId', id),
    INITIATOR,
    OWNER,
    element('StorageClass', 'STANDARD'),
    element('Initiated', new Date(initiatedAt).toISOString()),
    ...(checksum ? [element('ChecksumAlgorithm', checksum.name.toUpperCase())] : []),
    ...(checksum ? [element('ChecksumType', checksum.type)] : []),
  ])
}
