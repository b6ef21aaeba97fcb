import type { OperationContext } from '../operation.ts'
import { evaluateRead, preconditionFailed, readConditions } from '../protocol/conditions.ts'
import type { Reply } from '../protocol/reply.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import { findObject } from './get-object.ts'
import { checksumType } from './object-headers.ts'
import { objectParts } from './object-parts.ts'

type Describe = (record: ObjectRecord, headers: ReadonlyMap<string, string>) => Xml[]

/** What can be asked of an object, in the order in which S3 answers. Nothing is said of what an object has not. */
const ATTRIBUTES: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ['ETag', ({ etag }) => [element('ETag', etag)]],
  ['Checksum', checksum],
  ['ObjectParts', objectParts],
  ['StorageClass', () => [element('StorageClass', 'STANDARD')]],
  ['ObjectSize', ({ bytes }) => [element('ObjectSize', bytes)]],
])

/** Those of an object's attributes that `x-amz-object-attributes` names. */
export function getObjectAttributes({ request, store }: OperationContext): Reply {
  const record = findObject(store.getBucket(request.bucket), request.key)
  const asked = parseAsked(request.headers.get('x-amz-object-attributes'))
  const verdict = evaluateRead(readConditions(request.headers), record)
  if (verdict === 'failed') throw preconditionFailed('If-Match')
  const lastModified = new Date(record.lastModified).toUTCString()
  if (verdict === 'unmodified') {
    return { status: 304, headers: { etag: `"${record.etag}"`, 'last-modified': lastModified } }
  }
  const content = [...ATTRIBUTES].flatMap(([name, describe]) =>
    asked.has(name) ? describe(record, request.headers) : [],
  )
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', 'last-modified': lastModified },
    body: xmlDocument('GetObjectAttributesResponse', content),
  }
}

function parseAsked(header: string | undefined): ReadonlySet<string> {
  const names = (header ?? '').split(',').map((name) => name.trim())
  if (names.join('') === '') {
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    )
  }
  if (names.every((name) => ATTRIBUTES.has(name))) return new Set(names)
  throw new S3Error('InvalidArgument', 'Invalid attribute name specified.', {
    ArgumentName: 'x-amz-object-attributes',
  })
}

function checksum({ checksum: stored }: ObjectRecord): Xml[] {
  if (stored === undefined) return []
  return [
    element('Checksum', [
      element(`Checksum${stored.name.toUpperCase()}`, stored.value),
      element('ChecksumType', checksumType(stored)),
    ]),
  ]
}
