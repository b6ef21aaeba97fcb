import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { noSuchKey } from '../objects/get-object.ts'

/** Removes an object's tags, all of them. */
export async function deleteObjectTagging({ request, store }: OperationContext): Promise<Reply> {
  await store.getBucket(request.bucket).amend(request.key, (current) => {
    if (current === undefined) throw noSuchKey(request.key)
    return { ...current, tags: [] }
  })
  return { status: 204 }
}
