import { readDocument, text } from '../body/read-document.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { S3Error } from '../s3-error.ts'

/** Where S3 answers a second creation with success, as it did when it had but one region. */
const FIRST_REGION = 'us-east-1'

/** Makes a bucket in this server's region. */
export async function createBucket({ request, body, store, region }: OperationContext): Promise<Reply> {
  const configuration = await readDocument(body, 'CreateBucketConfiguration')
  const location = configuration && text(configuration, 'LocationConstraint')
  if (location !== undefined && location !== '' && location !== region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `This server's region is ${region}, not ${location}.`,
    )
  }
  const made = await store.createBucket(request.bucket)
  if (!made && region !== FIRST_REGION) {
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      {
        BucketName: request.bucket,
      },
    )
  }
  return { status: 200, headers: { location: `/${request.bucket}` } }
}
