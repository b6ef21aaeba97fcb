import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { OWNER } from './owner.ts'

/** Every bucket, by name. */
export function listBuckets({ store, region }: OperationContext): Reply {
  const buckets = store
    .listBuckets()
    .map(({ name, createdAt }) =>
      element('Bucket', [
        element('Name', name),
        element('CreationDate', new Date(createdAt).toISOString()),
        element('BucketRegion', region),
      ]),
    )
  return xmlReply(xmlDocument('ListAllMyBucketsResult', [OWNER, element('Buckets', buckets)]))
}
