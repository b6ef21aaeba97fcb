import { OWNER } from '../buckets/owner.ts'
import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import type { PartRecord } from '../uploads/upload-record.ts'
import { INITIATOR } from './initiator.ts'
import { pageLimit, uploadName, wholeNumber } from './upload-parameters.ts'

/** One page of an upload's parts, by number. */
export function listParts({ request, store }: OperationContext): Reply {
  store.getBucket(request.bucket)
  const name = uploadName(request)
  const { parts, checksum } = store.uploads.get(name)
  const limit = pageLimit(request.query, 'max-parts')
  const marker = wholeNumber(request.query, 'part-number-marker') ?? 0
  const following = [...parts.values()]
    .filter(({ number }) => number > marker)
    .toSorted((one, other) => one.number - other.number)
  const page = following.slice(0, limit)
  const next = following.length > limit ? page.at(-1) : undefined
  return xmlReply(
    xmlDocument('ListPartsResult', [
      element('Bucket', name.bucket),
      element('Key', name.key),
      element('UploadId', name.id),
      INITIATOR,
      OWNER,
      element('StorageClass', 'STANDARD'),
      element('PartNumberMarker', marker),
      ...(next ? [element('NextPartNumberMarker', next.number)] : []),
      element('MaxParts', limit),
      element('IsTruncated', next !== undefined),
      ...(checksum ? [element('ChecksumAlgorithm', checksum.name.toUpperCase())] : []),
      ...(checksum ? [element('ChecksumType', checksum.type)] : []),
      ...page.map(partElement),
    ]),
  )
}

function partElement({ number, lastModified, etag, bytes, checksum }: PartRecord): Xml {
  return element('Part', [
    element('PartNumber', number),
    element('LastModified', new Date(lastModified).toISOString()),
    element('ETag', `"${etag}"`),
    element('Size', bytes),
    ...(checksum ? [element(`Checksum${checksum.name.toUpperCase()}`, checksum.value)] : []),
  ])
}
