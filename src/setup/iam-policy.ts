/** What a gateway works with. */
export interface IamOptions {
  readonly bucket: string
  /** The key that the bucket is encrypted with, where it is one of yours. */
  readonly kmsKeyArn?: string | undefined
  /** The distribution that is purged. */
  readonly distributionArn?: string | undefined
  /** The queue of the bucket's events. */
  readonly queueArn?: string | undefined
}

/** What the gateway has to be allowed, and why; nothing else. A grant on what there is not is left out. */
const GRANTS: readonly {
  readonly Sid: string
  readonly Action: readonly string[]
  readonly resource: (options: IamOptions) => string | undefined
}[] = [
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
    resource: ({ bucket }) => `arn:aws:s3:::${bucket}/*`,
  },
  {
    // Without it S3 says 403 instead of 404 of what is not there.
    Sid: 'HalftoneBucket',
    Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    resource: ({ bucket }) => `arn:aws:s3:::${bucket}`,
  },
  {
    Sid: 'HalftoneEvents',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
    resource: ({ queueArn }) => queueArn,
  },
  {
    Sid: 'HalftoneEdge',
    Action: ['cloudfront:CreateInvalidation'],
    resource: ({ distributionArn }) => distributionArn,
  },
  {
    Sid: 'HalftoneKey',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resource: ({ kmsKeyArn }) => kmsKeyArn,
  },
]

/** The least that an IAM role needs for `halftone serve` and the commands, as a policy document. */
export function iamPolicy(options: IamOptions): object {
  const statements = GRANTS.flatMap(({ Sid, Action, resource }) => {
    const Resource = resource(options)
    return Resource === undefined ? [] : [{ Sid, Effect: 'Allow', Action, Resource }]
  })
  return { Version: '2012-10-17', Statement: statements }
}
