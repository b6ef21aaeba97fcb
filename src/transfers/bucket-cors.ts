import { PutBucketCorsCommand } from '@aws-sdk/client-s3'
import { createCall } from '../storage/s3-call.ts'
import { createS3Connection, type S3Options, s3Defaults } from '../storage/s3-client.ts'

/** How long browsers remember that they may, in seconds. */
const MAX_AGE_S = 3_600

/**
 * Lets pages of these origins (`https://shop.example.com`, or `*`) send files to the bucket: what they may send is still
 * decided by the URLs that were signed for them. Replaces the rules that the bucket had.
 */
export async function allowUploadsFrom(origins: readonly string[], options: S3Options): Promise<void> {
  const { client, close } = createS3Connection(options)
  const rule = {
    AllowedOrigins: [...origins],
    AllowedMethods: ['GET', 'HEAD', 'POST', 'PUT'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: MAX_AGE_S,
  }
  const command = new PutBucketCorsCommand({
    Bucket: options.bucket,
    CORSConfiguration: { CORSRules: [rule] },
  })
  try {
    await createCall(options.callTimeoutMs ?? s3Defaults.callTimeoutMs)(undefined, (sdk) =>
      client.send(command, sdk),
    )
  } finally {
    close()
  }
}
