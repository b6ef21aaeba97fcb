import { type ReceivedBody, receiveBody } from '../body/receive-body.ts'
import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import type { Reply } from '../protocol/reply.ts'
import { storedHeaders } from '../protocol/stored-headers.ts'
import type { ObjectRecord, Tag } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { checksumHeaders } from './object-headers.ts'
import { parseTaggingHeader } from '../tagging/tag-set.ts'

/** What S3 takes in one PUT or one form. */
export const MAX_BYTES = 5 * 1024 ** 3

/** An object that is about to be stored, and where its bytes come from. */
export interface Upload {
  readonly bucket: string
  readonly key: string
  /** Conditions, and what is stored with the object. */
  readonly headers: ReadonlyMap<string, string>
  readonly tags?: readonly Tag[] | undefined
  readonly receive: (sink: (piece: Buffer) => Promise<void> | void) => Promise<ReceivedBody>
}

/** Stores an object, whole or not at all. */
export async function putObject({ request, body, store }: OperationContext): Promise<Reply> {
  const { bucket, key, headers } = request
  const tags = parseTaggingHeader(headers.get('x-amz-tagging'))
  const receive: Upload['receive'] = async (sink) => receiveBody(body, MAX_BYTES, sink)
  const record = await storeUpload(store, { bucket, key, headers, tags, receive })
  return { status: 200, headers: { etag: `"${record.etag}"`, ...checksumHeaders(record) } }
}

/** Receives an object's bytes and makes them the object, on the disk when this returns; nothing is changed when it throws. */
export async function storeUpload(store: Store, upload: Upload): Promise<ObjectRecord> {
  const { key, headers, tags } = upload
  const bucket = store.getBucket(upload.bucket)
  const kept = storedHeaders(headers)
  // Once before the body is read, to spare a client the sending; what counts is the second look, under the key's lock.
  checkWrite(headers, bucket.find(key))
  const { blob, filled } = await store.blobs.write(upload.receive)
  const draft = {
    key,
    blob,
    bytes: filled.bytes,
    etag: filled.md5.toString('hex'),
    headers: kept,
    ...(filled.checksum && { checksum: filled.checksum }),
    ...(tags && { tags }),
  }
  return bucket.put(draft, (current) => checkWrite(headers, current))
}
