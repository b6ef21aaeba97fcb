import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { xmlDocument } from '../protocol/xml.ts'

/** Says that a bucket keeps no versions and never did, which S3 does with an empty document. */
export function getBucketVersioning({ request, store }: OperationContext): Reply {
  store.getBucket(request.bucket)
  return xmlReply(xmlDocument('VersioningConfiguration', []))
}
