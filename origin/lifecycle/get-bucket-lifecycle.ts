import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { S3Error } from '../s3-error.ts'
import { formatLifecycle } from './lifecycle-configuration.ts'

/** The rules by which a bucket's objects age; throws `NoSuchLifecycleConfiguration` when it has none. */
export function getBucketLifecycle({ request, store }: OperationContext): Reply {
  const { lifecycle } = store.getBucket(request.bucket).settings
  if (lifecycle) return xmlReply(formatLifecycle(lifecycle))
  throw new S3Error('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', {
    BucketName: request.bucket,
  })
}
