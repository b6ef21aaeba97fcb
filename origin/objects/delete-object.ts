import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import type { Reply } from '../protocol/reply.ts'

/** Removes an object; without a condition, one that is not there counts as removed. */
export async function deleteObject({ request, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  await bucket.delete(request.key, (current) => checkWrite(request.headers, current))
  return { status: 204 }
}
