import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'

/** Removes the rules by which a bucket's objects age; none counts as removed. */
export async function deleteBucketLifecycle({ request, store }: OperationContext): Promise<Reply> {
  await store.configure(request.bucket, { lifecycle: undefined })
  return { status: 204 }
}
