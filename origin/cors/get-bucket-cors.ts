import type { OperationContext } from '../operation.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { S3Error } from '../s3-error.ts'
import { formatCors } from './cors-configuration.ts'

/** A bucket's rules for pages of other origins; throws `NoSuchCORSConfiguration` when it has none. */
export function getBucketCors({ request, store }: OperationContext): Reply {
  const { cors } = store.getBucket(request.bucket).settings
  if (cors) return xmlReply(formatCors(cors))
  throw new S3Error('NoSuchCORSConfiguration', 'The CORS configuration does not exist', {
    BucketName: request.bucket,
  })
}
