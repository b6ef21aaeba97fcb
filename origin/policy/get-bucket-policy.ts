import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { Store } from '../store/store.ts'
import type { BucketPolicy } from './bucket-policy.ts'

/** A bucket's policy as it was put; throws `NoSuchBucketPolicy` when it has none. */
export function getBucketPolicy({ request, store }: OperationContext): Reply {
  const { document } = findPolicy(request, store)
  return { status: 200, headers: { 'content-type': 'application/json' }, body: document }
}

/** Whether a bucket's policy is public, as every policy that this server accepts is. */
export function getBucketPolicyStatus({ request, store }: OperationContext): Reply {
  findPolicy(request, store)
  return xmlReply(xmlDocument('PolicyStatus', [element('IsPublic', true)]))
}

function findPolicy({ bucket }: S3Request, store: Store): BucketPolicy {
  const { policy } = store.getBucket(bucket).settings
  if (policy) return policy
  throw new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist', { BucketName: bucket })
}
