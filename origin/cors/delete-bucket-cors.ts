import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'

/** Removes a bucket's rules for pages of other origins; none counts as removed. */
export async function deleteBucketCors({ request, store }: OperationContext): Promise<Reply> {
  await store.configure(request.bucket, { cors: undefined })
  return { status: 204 }
}
