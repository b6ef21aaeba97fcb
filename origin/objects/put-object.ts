import { receiveBody } from '../body/receive-body.ts'
import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import type { Reply } from '../protocol/reply.ts'
import { storedHeaders } from '../protocol/stored-headers.ts'
import { checksumHeaders } from './object-headers.ts'
import { parseTaggingHeader } from './tag-set.ts'

/** What S3 takes in one PUT. */
const MAX_BYTES = 5 * 1024 ** 3

/** Stores an object, whole or not at all. */
export async function putObject({ request, body, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const headers = storedHeaders(request.headers)
  const tags = parseTaggingHeader(request.headers.get('x-amz-tagging'))
  // Once before the body is read, to spare a client the sending; what counts is the second look, under the key's lock.
  checkWrite(request.headers, bucket.find(request.key))
  const { blob, filled } = await store.blobs.write((sink) => receiveBody(body, MAX_BYTES, sink))
  const draft = {
    key: request.key,
    blob,
    bytes: filled.bytes,
    etag: filled.md5.toString('hex'),
    headers,
    ...(filled.checksum && { checksum: filled.checksum }),
    ...(tags && { tags }),
  }
  const record = await bucket.put(draft, (current) => checkWrite(request.headers, current))
  return { status: 200, headers: { etag: `"${record.etag}"`, ...checksumHeaders(record) } }
}
