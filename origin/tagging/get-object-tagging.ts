import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { findObject } from '../objects/get-object.ts'
import { formatTagging } from './tag-set.ts'

/** An object's tags. */
export function getObjectTagging({ request, store }: OperationContext): Reply {
  const { tags = [] } = findObject(store.getBucket(request.bucket), request.key)
  return xmlReply(formatTagging(tags))
}
