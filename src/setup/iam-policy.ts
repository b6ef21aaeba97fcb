/** What of the bucket the gateway has to be allowed, and why; nothing else. */
const GRANTS = [
  {
    Sid: 'HalftoneObjects',
    Action: [
      's3:GetObject',
      's3:PutObject',
      's3:DeleteObject',
      // Parts that browsers have sent, and uploads that they gave up.
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
    ],
    resource: (bucket: string) => `arn:aws:s3:::${bucket}/*`,
  },
  {
    // Without it S3 says 403 instead of 404 of what is not there.
    Sid: 'HalftoneBucket',
    Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    resource: (bucket: string) => `arn:aws:s3:::${bucket}`,
  },
] as const

/** The least that an IAM role needs for `halftone serve` and the commands, as a policy document. */
export function iamPolicy(bucket: string, kmsKeyArn?: string): object {
  const statements = GRANTS.map(({ Sid, Action, resource }) => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource: resource(bucket),
  }))
  const kms = {
    Sid: 'HalftoneKey',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: kmsKeyArn,
  }
  return { Version: '2012-10-17', Statement: kmsKeyArn === undefined ? statements : [...statements, kms] }
}
