import type { OperationContext } from '../operation.ts'
import { checkWrite, evaluateRead, preconditionFailed, readConditions } from '../protocol/conditions.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { storedHeaders } from '../protocol/stored-headers.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { checksumAlgorithm, checksumOfCopy } from './copy-checksum.ts'
import { findObject } from './get-object.ts'

const MAX_ATTEMPTS = 10

/** Stores an object's bytes under another key, with its own headers or with new ones. No byte is moved. */
export async function copyObject({ request, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const directive = metadataDirective(request)
  const algorithm = checksumAlgorithm(request.headers)
  const replaced = directive === 'REPLACE' ? storedHeaders(request.headers) : undefined
  const { record: source, blob } = await duplicateSource(request, store, directive)
  const checksum = await checksumOfCopy(store.blobs, { source, blob, algorithm })
  const copy = {
    ...source,
    key: request.key,
    blob,
    headers: replaced ?? source.headers,
    ...(checksum && { checksum }),
  }
  const stored = await bucket.put(copy, (current) => checkWrite(request.headers, current))
  return xmlReply(
    xmlDocument('CopyObjectResult', [
      element('ETag', `"${stored.etag}"`),
      element('LastModified', new Date(stored.lastModified).toISOString()),
      ...(stored.checksum
        ? [element(`Checksum${stored.checksum.name.toUpperCase()}`, stored.checksum.value)]
        : []),
    ]),
  )
}

async function duplicateSource(
  request: S3Request,
  store: Store,
  directive: 'COPY' | 'REPLACE',
): Promise<{ record: ObjectRecord; blob: string }> {
  const from = parseSource(request.headers.get('x-amz-copy-source') ?? '')
  if (directive === 'COPY' && from.bucket === request.bucket && from.key === request.key) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    )
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const bucket = store.getBucket(from.bucket)
    const record = findObject(bucket, from.key)
    checkSource(request, record)
    const blob = await store.blobs.duplicate(record.blob)
    if (blob !== undefined) return { record, blob }
    if (bucket.find(from.key) === record) throw new Error(`The blob ${record.blob} of a record is missing`)
  }
  throw new S3Error(
    'ServiceUnavailable',
    'The source is being replaced too fast to be copied. Please try again.',
  )
}

function checkSource(request: S3Request, record: ObjectRecord): void {
  const conditions = readConditions(request.headers, 'x-amz-copy-source-')
  if (evaluateRead(conditions, record) !== 'met') throw preconditionFailed('x-amz-copy-source-If-*')
}

function metadataDirective(request: S3Request): 'COPY' | 'REPLACE' {
  const directive = request.headers.get('x-amz-metadata-directive') ?? 'COPY'
  if (directive === 'COPY' || directive === 'REPLACE') return directive
  throw new S3Error('InvalidArgument', 'Unknown metadata directive.', {
    ArgumentName: 'x-amz-metadata-directive',
  })
}

/** `bucket/key` or `/bucket/key`, percent-encoded. */
function parseSource(header: string): { bucket: string; key: string } {
  const [path = '', version] = header.split('?')
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decode(path))
  if (version !== undefined && version !== 'versionId=null') {
    throw new S3Error('NotImplemented', 'This server keeps no versions', { Header: 'x-amz-copy-source' })
  }
  if (match?.[1] !== undefined && match[2] !== undefined) return { bucket: match[1], key: match[2] }
  throw badSource()
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw badSource()
  }
}

function badSource(): S3Error {
  return new S3Error(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    {
      ArgumentName: 'x-amz-copy-source',
    },
  )
}
