import { declaredIntegrity } from '../body/declared-integrity.ts'
import { receiveBody } from '../body/receive-body.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { S3Error } from '../s3-error.ts'
import type { UploadChecksum } from '../uploads/upload-record.ts'
import { partNumber, uploadName } from './upload-parameters.ts'

/** What S3 takes as one part. */
const MAX_BYTES = 5 * 1024 ** 3

/** Stores a part, whole or not at all; one of the same number is replaced. */
export async function uploadPart({ request, body, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  const name = uploadName(request)
  const number = partNumber(request)
  requireChecksum(store.uploads.get(name).checksum, request.headers)
  const { blob, filled } = await store.blobs.write((sink) => receiveBody(body, MAX_BYTES, sink))
  const { etag, checksum } = await store.uploads.putPart(name, {
    number,
    blob,
    bytes: filled.bytes,
    etag: filled.md5.toString('hex'),
    ...(filled.checksum && { checksum: filled.checksum }),
  })
  return {
    status: 200,
    headers: { etag: `"${etag}"`, ...(checksum && { [`x-amz-checksum-${checksum.name}`]: checksum.value }) },
  }
}

/** An upload that was begun with a checksum takes no part without it: the object's is made of theirs. */
function requireChecksum(wanted: UploadChecksum | undefined, headers: ReadonlyMap<string, string>): void {
  const given = declaredIntegrity(headers).checksum?.name
  if (wanted === undefined || wanted.name === given) return
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${wanted.name}, actual checksum Type: ${given ?? 'null'}`,
  )
}
