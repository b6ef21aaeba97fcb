import {
  BucketLocationConstraint,
  type CORSRule,
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  type LoggingEnabled,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { GatewayError } from '../errors.ts'
import { createCall, type S3Bucket, type SendOptions } from './s3-call.ts'
import { createS3Connection, type S3Options, s3Defaults } from './s3-client.ts'
import { codeOf, isAbsent, statusOf } from './s3-errors.ts'

export type { CORSRule, LifecycleRule, LoggingEnabled }

/** How objects are encrypted unless they say otherwise: with S3's own keys, or with one of KMS. */
export interface BucketEncryption {
  readonly algorithm: 'AES256' | 'aws:kms'
  readonly kmsKeyId?: string | undefined
}

/** One setting of a bucket, read and replaced as a whole; `unsupported` where the store does not know it. */
export interface BucketSetting<Value> {
  get(): Promise<Value | undefined | 'unsupported'>
  put(value: Value): Promise<'done' | 'unsupported'>
}

/** A bucket as its operator sees it, beside the objects in it. Throws what an `ObjectStore` throws. */
export interface BucketAdministration {
  /** Creates the bucket unless it is there. */
  create(): Promise<'created' | 'exists'>
  readonly cors: BucketSetting<readonly CORSRule[]>
  readonly lifecycle: BucketSetting<readonly LifecycleRule[]>
  /** A policy document, as JSON. */
  readonly policy: BucketSetting<string>
  readonly versioning: BucketSetting<'Enabled' | 'Suspended'>
  readonly encryption: BucketSetting<BucketEncryption>
  /** Where the store writes down who asked for what; nothing when it does not. */
  readonly logging: BucketSetting<LoggingEnabled>
  /** Whether every way of making the bucket public is barred. */
  readonly privacy: BucketSetting<boolean>
  close(): void
}

/** Administers one bucket, over sockets of its own. */
export function createBucketAdministration(options: S3Options): BucketAdministration {
  const { client, clockSkewMs, retries, close } = createS3Connection({ ...options, isPatient: true })
  const call = createCall(options.callTimeoutMs ?? s3Defaults.callTimeoutMs)
  const bucket: S3Bucket = {
    client,
    call,
    mayRetry: () => retries.take(),
    name: options.bucket,
    encryption: {},
    clockSkewMs,
  }
  return {
    create: () => create(bucket, options.region),
    cors: setting(bucket, {
      get: async (s3, Bucket, sdk) => (await s3.send(new GetBucketCorsCommand({ Bucket }), sdk)).CORSRules,
      put: (s3, Bucket, rules, sdk) =>
        s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [...rules] } }), sdk),
    }),
    lifecycle: setting(bucket, {
      get: async (s3, Bucket, sdk) =>
        (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), sdk)).Rules,
      put: (s3, Bucket, rules, sdk) => {
        const LifecycleConfiguration = { Rules: [...rules] }
        return s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }), sdk)
      },
    }),
    policy: setting(bucket, {
      get: async (s3, Bucket, sdk) => (await s3.send(new GetBucketPolicyCommand({ Bucket }), sdk)).Policy,
      put: (s3, Bucket, Policy, sdk) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy }), sdk),
    }),
    versioning: setting(bucket, {
      get: async (s3, Bucket, sdk) => (await s3.send(new GetBucketVersioningCommand({ Bucket }), sdk)).Status,
      put: (s3, Bucket, Status, sdk) =>
        s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }), sdk),
    }),
    encryption: setting(bucket, { get: readEncryption, put: writeEncryption }),
    logging: setting(bucket, {
      get: async (s3, Bucket, sdk) =>
        (await s3.send(new GetBucketLoggingCommand({ Bucket }), sdk)).LoggingEnabled,
      put: (s3, Bucket, LoggingEnabled, sdk) =>
        s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }), sdk),
    }),
    privacy: setting(bucket, { get: readPrivacy, put: writePrivacy }),
    close,
  }
}

interface Verbs<Value> {
  readonly get: (s3: S3Client, bucket: string, sdk: SendOptions) => Promise<Value | undefined>
  readonly put: (s3: S3Client, bucket: string, value: Value, sdk: SendOptions) => Promise<unknown>
}

function setting<Value>({ client, name, call }: S3Bucket, { get, put }: Verbs<Value>): BucketSetting<Value> {
  return {
    async get() {
      try {
        return await call(undefined, (sdk) => get(client, name, sdk))
      } catch (error) {
        // What has never been set is an error to S3: NoSuchCORSConfiguration, NoSuchBucketPolicy and so on.
        if (isAbsent(causeOf(error)) && !isUnknown(error)) return undefined
        if (isUnknown(error)) return 'unsupported'
        throw error
      }
    },
    async put(value) {
      try {
        await call(undefined, (sdk) => put(client, name, value, sdk))
        return 'done'
      } catch (error) {
        if (isUnknown(error)) return 'unsupported'
        throw error
      }
    },
  }
}

async function create(
  { client, name: Bucket, call }: S3Bucket,
  region?: string,
): Promise<'created' | 'exists'> {
  return call(undefined, async (sdk) => {
    try {
      await client.send(new HeadBucketCommand({ Bucket }), sdk)
      return 'exists'
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
    // us-east-1 is where buckets are made that name no place, and refuses to be named.
    const place = Object.values(BucketLocationConstraint).find((known) => known === region)
    const CreateBucketConfiguration = place && { LocationConstraint: place }
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }), sdk)
    return 'created'
  })
}

async function readEncryption(s3: S3Client, Bucket: string, sdk: SendOptions) {
  const answer = await s3.send(new GetBucketEncryptionCommand({ Bucket }), sdk)
  const byDefault = answer.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
  if (byDefault?.SSEAlgorithm !== 'AES256' && byDefault?.SSEAlgorithm !== 'aws:kms') return undefined
  return { algorithm: byDefault.SSEAlgorithm, kmsKeyId: byDefault.KMSMasterKeyID }
}

async function writeEncryption(
  s3: S3Client,
  Bucket: string,
  { algorithm, kmsKeyId }: BucketEncryption,
  sdk: SendOptions,
): Promise<unknown> {
  const byDefault = { SSEAlgorithm: algorithm, ...(kmsKeyId !== undefined && { KMSMasterKeyID: kmsKeyId }) }
  // One data key for many objects: without it every GET and PUT is a request to KMS.
  const rule = {
    ApplyServerSideEncryptionByDefault: byDefault,
    BucketKeyEnabled: algorithm === 'aws:kms',
  }
  const ServerSideEncryptionConfiguration = { Rules: [rule] }
  return s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }), sdk)
}

async function readPrivacy(s3: S3Client, Bucket: string, sdk: SendOptions): Promise<boolean> {
  const answer = await s3.send(new GetPublicAccessBlockCommand({ Bucket }), sdk)
  const barred = answer.PublicAccessBlockConfiguration
  return (
    barred?.BlockPublicAcls === true &&
    barred.IgnorePublicAcls === true &&
    barred.BlockPublicPolicy === true &&
    barred.RestrictPublicBuckets === true
  )
}

async function writePrivacy(s3: S3Client, Bucket: string, isPrivate: boolean, sdk: SendOptions) {
  const PublicAccessBlockConfiguration = {
    BlockPublicAcls: isPrivate,
    IgnorePublicAcls: isPrivate,
    BlockPublicPolicy: isPrivate,
    RestrictPublicBuckets: isPrivate,
  }
  return s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }), sdk)
}

function causeOf(error: unknown): unknown {
  return error instanceof GatewayError ? error.cause : error
}

/** Whether the store does not know what was asked of it. */
function isUnknown(error: unknown): boolean {
  const cause = causeOf(error)
  const status = statusOf(cause)
  return status === 501 || status === 405 || codeOf(cause) === 'NotImplemented'
}
