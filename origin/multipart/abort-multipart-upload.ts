import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { uploadName } from './upload-parameters.ts'

/** Ends an upload that is to come to nothing, and frees its parts. */
export async function abortMultipartUpload({ request, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  await store.uploads.abort(uploadName(request))
  return { status: 204 }
}
