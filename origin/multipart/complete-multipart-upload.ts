import { createHash } from 'node:crypto'
import { readDocument } from '../body/read-document.ts'
import type { IncomingBody } from '../body/receive-body.ts'
import { checksumType } from '../objects/object-headers.ts'
import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { Draft } from '../store/bucket.ts'
import type { ObjectPart, ObjectRecord } from '../store/object-record.ts'
import type { PartRecord, Upload } from '../uploads/upload-record.ts'
import { parseCompletion, selectParts } from './completion.ts'
import { checkDeclared, objectChecksum } from './object-checksum.ts'
import { uploadName } from './upload-parameters.ts'

/** What S3 takes as one object: 5 TiB. */
const MAX_BYTES = 5 * 1024 ** 4

/** Makes the object of which parts were uploaded. No byte is moved, so there is nothing to keep a client waiting for. */
export async function completeMultipartUpload({ request, body, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const named = parseCompletion(await readDocument(withoutChecksums(body), 'CompleteMultipartUpload'))
  const compose = (upload: Upload): Draft =>
    composeObject(upload, selectParts(upload, named, store.uploads.minPartBytes), request)
  const record = await store.uploads.complete(uploadName(request), bucket, {
    compose,
    guard: (current) => checkWrite(request.headers, current),
  })
  return describe(request, record)
}

function composeObject(upload: Upload, parts: readonly PartRecord[], request: S3Request): Draft {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (bytes > MAX_BYTES) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.', {
      ProposedSize: String(bytes),
      MaxSizeAllowed: String(MAX_BYTES),
    })
  }
  const checksum = objectChecksum(upload, parts)
  checkDeclared(request.headers, checksum, bytes)
  const { key, headers, tags } = upload
  return {
    key,
    bytes,
    etag: etagOf(parts),
    headers,
    parts: parts.map(objectPart),
    ...(checksum && { checksum }),
    ...(tags && { tags }),
  }
}

/** The MD5 of the parts' MD5s, and how many they are. */
function etagOf(parts: readonly PartRecord[]): string {
  const md5 = createHash('md5')
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'))
  return `${md5.digest('hex')}-${parts.length}`
}

function objectPart({ number, blob, bytes, etag, checksum }: PartRecord): ObjectPart {
  return { number, blob, bytes, etag, ...(checksum && { checksum }) }
}

/** The checksums in this request's header are the object's, not those of the document that it carries. */
function withoutChecksums(body: IncomingBody): IncomingBody {
  const kept = [...body.request.headers].filter(([name]) => !name.startsWith('x-amz-checksum-'))
  return { ...body, request: { ...body.request, headers: new Map(kept) } }
}

function describe({ bucket, key, rawPath, headers }: S3Request, { etag, checksum }: ObjectRecord): Reply {
  return xmlReply(
    xmlDocument('CompleteMultipartUploadResult', [
      element('Location', `http://${headers.get('host') ?? ''}${rawPath}`),
      element('Bucket', bucket),
      element('Key', key),
      element('ETag', `"${etag}"`),
      ...(checksum ? [element(`Checksum${checksum.name.toUpperCase()}`, checksum.value)] : []),
      ...(checksum ? [element('ChecksumType', checksumType(checksum))] : []),
    ]),
  )
}
