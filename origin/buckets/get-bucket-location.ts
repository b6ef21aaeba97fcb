import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { xmlDocument } from '../protocol/xml.ts'

/** The region, which S3 leaves empty for us-east-1. */
export function getBucketLocation({ request, store, region }: OperationContext): Reply {
  store.getBucket(request.bucket)
  return xmlReply(xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region))
}
