import { createHash } from 'node:crypto'
import { type ChecksumName, createChecksum } from '../body/checksum-algorithms.ts'
import { checkCopySource, parseCopySource } from '../objects/copy-source.ts'
import { findObject } from '../objects/get-object.ts'
import { readBody } from '../objects/read-body.ts'
import type { OperationContext } from '../operation.ts'
import type { ByteRange } from '../protocol/byte-range.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectPart } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { invalid, partNumber, uploadName } from './upload-parameters.ts'

const MAX_ATTEMPTS = 10
const MAX_BYTES = 5 * 1024 ** 3

/** Stores another object's bytes, or a range of them, as a part. */
export async function uploadPartCopy({ request, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  const name = uploadName(request)
  const number = partNumber(request)
  const { checksum: wanted } = store.uploads.get(name)
  const copied = await copySource(request, store, wanted?.name)
  const { etag, checksum, lastModified } = await store.uploads.putPart(name, { number, ...copied })
  return xmlReply(
    xmlDocument('CopyPartResult', [
      element('ETag', `"${etag}"`),
      element('LastModified', new Date(lastModified).toISOString()),
      ...(checksum ? [element(`Checksum${checksum.name.toUpperCase()}`, checksum.value)] : []),
    ]),
  )
}

async function copySource(
  request: S3Request,
  store: Store,
  wanted: ChecksumName | undefined,
): Promise<Omit<ObjectPart, 'number'>> {
  const from = parseCopySource(request)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const record = findObject(store.getBucket(from.bucket), from.key)
    checkCopySource(request, record)
    const source = await readBody(store.blobs, record, sourceRange(request, record.bytes))
    if (source !== undefined) return writeCopy(store, source, wanted)
  }
  throw new S3Error(
    'ServiceUnavailable',
    'The source is being replaced too fast to be copied. Please try again.',
  )
}

async function writeCopy(
  store: Store,
  source: Buffer | AsyncIterable<Buffer>,
  wanted: ChecksumName | undefined,
): Promise<Omit<ObjectPart, 'number'>> {
  const md5 = createHash('md5')
  const checksum = wanted && createChecksum(wanted)
  const { blob, filled } = await store.blobs.write(async (sink) => {
    let bytes = 0
    for await (const piece of Buffer.isBuffer(source) ? [source] : source) {
      bytes += piece.length
      md5.update(piece)
      checksum?.update(piece)
      await sink(piece)
    }
    return bytes
  })
  return {
    blob,
    bytes: filled,
    etag: md5.digest('hex'),
    ...(wanted && checksum && { checksum: { name: wanted, value: checksum.digest().toString('base64') } }),
  }
}

/** Stricter than the `Range` of a read: both ends are named, and both are there. */
function sourceRange({ headers }: S3Request, bytes: number): ByteRange {
  const header = headers.get('x-amz-copy-source-range')
  const range = header === undefined ? { first: 0, last: bytes - 1 } : parseSourceRange(header)
  if (range.last >= bytes || (header !== undefined && range.first > range.last)) {
    throw invalid(
      'x-amz-copy-source-range',
      `Range specified is not valid for source object of size: ${bytes}`,
    )
  }
  if (range.last - range.first < MAX_BYTES) return range
  throw new S3Error(
    'InvalidRequest',
    'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
  )
}

function parseSourceRange(header: string): ByteRange {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header.trim()) ?? []
  if (first !== undefined && last !== undefined) return { first: Number(first), last: Number(last) }
  throw invalid(
    'x-amz-copy-source-range',
    'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
  )
}
