import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseConfig } from '../../src/config.ts'
import { tlsOnly } from '../../src/setup/bucket-policy.ts'
import { iamPolicy } from '../../src/setup/iam-policy.ts'
import { corsRule, lifecycleRules } from '../../src/setup/plan.ts'
import { Template } from './template.ts'

const BucketName = 'pictures'
const DistributionArn = 'arn:aws:cloudfront::123456789012:distribution/E1'

const bucketOf = (parameters: Record<string, unknown> = {}) =>
  new Template('bucket.yaml', { BucketName, ...parameters }).find('Bucket')

const rule = z.record(z.string(), z.unknown())

/** A rule as S3's own API spells it. */
function asLifecycleRule({ Id, Prefix, ExpirationInDays, Transitions, ...rest }: z.infer<typeof rule>) {
  const transitions = z
    .array(z.object({ TransitionInDays: z.number(), StorageClass: z.string() }))
    .optional()
    .parse(Transitions)
  return {
    ID: Id,
    Filter: { Prefix },
    ...rest,
    ...(ExpirationInDays !== undefined && { Expiration: { Days: ExpirationInDays } }),
    ...(transitions && {
      Transitions: transitions.map(({ TransitionInDays: Days, StorageClass }) => ({ Days, StorageClass })),
    }),
  }
}

describe('requirements: Safety – the bucket of the templates', () => {
  test('removes and archives what `halftone setup` has it remove and archive', () => {
    const { LifecycleConfiguration } = z
      .object({ LifecycleConfiguration: z.object({ Rules: z.array(rule) }) })
      .parse(bucketOf({ RecoveryDays: 30, ArchiveAfterDays: 365 }))
    expect(LifecycleConfiguration.Rules.map(asLifecycleRule)).toEqual(
      lifecycleRules({ recoveryDays: 30, archiveAfterDays: 365 }, true),
    )
  })

  test('lets pages upload as `halftone setup` does', () => {
    const { ID, ExposeHeaders, MaxAgeSeconds, ...rest } = corsRule(['https://shop.example.com'])
    expect(bucketOf({ UploadOrigins: ['https://shop.example.com'] })).toMatchObject({
      CorsConfiguration: {
        CorsRules: [{ Id: ID, ExposedHeaders: ExposeHeaders, MaxAge: MaxAgeSeconds, ...rest }],
      },
    })
  })

  test('is private, versioned, encrypted, and logged elsewhere', () => {
    for (const found of new Template('bucket.yaml', { BucketName }).all('AWS::S3::Bucket')) {
      expect(found).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      })
    }
    expect(bucketOf({ KmsKeyArn: 'arn:key' })).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      LoggingConfiguration: { DestinationBucketName: 'LogBucket' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:key' },
          },
        ],
      },
    })
  })

  test('allows nobody anything but the distribution that asks it first, and that only public variants', () => {
    const statements = (parameters: Record<string, string>) =>
      z
        .object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) })
        .parse(new Template('bucket.yaml', { BucketName, ...parameters }).find('BucketPolicy')).PolicyDocument
        .Statement
    expect(statements({})).toEqual([tlsOnly(BucketName)])
    expect(statements({ DistributionArn })).toEqual([
      tlsOnly(BucketName),
      {
        Sid: 'HalftoneDistribution',
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${BucketName}/img/*`,
        Condition: { StringEquals: { 'AWS:SourceArn': DistributionArn } },
      },
    ])
  })

  test('tells of changes of sources, never of what the gateway writes itself', () => {
    const found = JSON.stringify(bucketOf()?.['NotificationConfiguration'])
    const valuesOf = (name: string) =>
      new Set([...found.matchAll(new RegExp(`"${name}":"([^"]+)"`, 'g'))].map(([, value]) => value))
    expect(valuesOf('Value')).toEqual(new Set(parseConfig({ HALFTONE_BUCKET: BucketName }).HALFTONE_SOURCES))
    expect(valuesOf('Event')).toContain('s3:ObjectRemoved:*')
    // What is restored is shown again before its 415 has run out at the edge.
    expect(valuesOf('Event')).toContain('s3:ObjectRestore:Completed')
  })
})

test('requirements: Safety – the role of the tasks may do what `halftone setup --iam` prints, and no more', () => {
  const EventsQueueArn = 'arn:aws:sqs:eu-central-1:123456789012:events'
  const KmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/k'
  const given = { BucketName, EventsQueueArn, KmsKeyArn, DistributionId: 'E1' }
  const options = { bucket: BucketName, queueArn: EventsQueueArn }
  const spelled = (policy: unknown) =>
    JSON.parse(JSON.stringify(policy), (name, value) => (name === 'Action' ? [value].flat() : value))
  const policyOf = (parameters: Record<string, string>) =>
    spelled(new Template('roles.yaml', parameters).find('GatewayPolicy')?.['PolicyDocument'])
  expect(policyOf(given)).toEqual(
    iamPolicy({ ...options, distributionArn: DistributionArn, kmsKeyArn: KmsKeyArn }),
  )
  expect(policyOf({ BucketName, EventsQueueArn })).toEqual(iamPolicy(options))
  expect(new Template('roles.yaml', given).find('GatewayRole')).toMatchObject({
    ManagedPolicyArns: ['GatewayPolicy'],
  })
})
