import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { storedHeaders } from '../protocol/stored-headers.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { Draft } from '../store/bucket.ts'
import { blobsOf, type ObjectRecord, type Tag } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { checkCopySource, parseCopySource } from './copy-source.ts'
import { checksumAlgorithm, checksumOfCopy } from './copy-checksum.ts'
import { findObject } from './get-object.ts'
import { parseTaggingHeader } from '../tagging/tag-set.ts'
import { missingBlob } from './read-body.ts'

const MAX_ATTEMPTS = 10

/** Stores an object's bytes under another key, with its own headers or with new ones. No byte is moved. */
export async function copyObject({ request, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const directive = copyDirective(request, 'x-amz-metadata-directive')
  const tags = replacedTags(request)
  const algorithm = checksumAlgorithm(request.headers)
  const replaced = directive === 'REPLACE' ? storedHeaders(request.headers) : undefined
  const source = await duplicateSource(request, store, directive)
  const checksum = await checksumOfCopy(store.blobs, source, algorithm)
  const copy = {
    ...source,
    key: request.key,
    headers: replaced ?? source.headers,
    ...(tags && { tags }),
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
): Promise<Draft> {
  const from = parseCopySource(request)
  if (directive === 'COPY' && from.bucket === request.bucket && from.key === request.key) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    )
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const bucket = store.getBucket(from.bucket)
    const record = findObject(bucket, from.key)
    checkCopySource(request, record)
    const blobs = await store.blobs.duplicate(blobsOf(record))
    if (blobs !== undefined) return withBlobs(record, blobs)
    if (bucket.find(from.key) === record) throw missingBlob(record)
  }
  throw new S3Error(
    'ServiceUnavailable',
    'The source is being replaced too fast to be copied. Please try again.',
  )
}

/** A record of the same bytes in other files; the copy came of no upload. */
function withBlobs(record: ObjectRecord, blobs: readonly string[]): Draft {
  const [blob = ''] = blobs
  if (record.parts === undefined) return { ...record, blob }
  const parts = record.parts.map((part, index) => ({ ...part, blob: blobs[index] ?? '' }))
  return { ...record, parts, upload: undefined }
}

/** The copy's own tags, none at all where the header is missing; `undefined` when it takes over those of its source. */
function replacedTags(request: S3Request): Tag[] | undefined {
  const directive = copyDirective(request, 'x-amz-tagging-directive')
  return directive === 'COPY' ? undefined : (parseTaggingHeader(request.headers.get('x-amz-tagging')) ?? [])
}

function copyDirective(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const directive = request.headers.get(name) ?? 'COPY'
  if (directive === 'COPY' || directive === 'REPLACE') return directive
  throw new S3Error('InvalidArgument', `Unknown ${name.slice('x-amz-'.length).replace('-', ' ')}.`, {
    ArgumentName: name,
  })
}
