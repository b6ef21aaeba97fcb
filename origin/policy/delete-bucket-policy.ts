import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'

/** Removes a bucket's policy; none counts as removed. */
export async function deleteBucketPolicy({ request, store }: OperationContext): Promise<Reply> {
  await store.configure(request.bucket, { policy: undefined })
  return { status: 204 }
}
