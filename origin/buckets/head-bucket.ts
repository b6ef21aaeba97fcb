import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'

/** Says that a bucket is there. */
export function headBucket({ request, store, region }: OperationContext): Reply {
  store.getBucket(request.bucket)
  return { status: 200, headers: { 'x-amz-bucket-region': region, 'x-amz-access-point-alias': 'false' } }
}
