import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'

/** Removes a bucket, if it is empty. */
export async function deleteBucket({ request, store }: OperationContext): Promise<Reply> {
  await store.deleteBucket(request.bucket)
  return { status: 204 }
}
