import { s3OptionsOf } from '../composition/bucket.ts'
import type { Config } from '../config.ts'
import { type IamOptions, iamPolicy } from '../setup/iam-policy.ts'
import { setUpBucket, type StepResult } from '../setup/plan.ts'
import { type BucketEncryption, createBucketAdministration } from '../storage/bucket-administration.ts'
import { withBucket } from './bucket.ts'

export interface SetupChoices {
  readonly write?: boolean
  readonly iam?: boolean
  readonly origin?: readonly string[]
  readonly logBucket?: string
  readonly recoveryDays: number
  readonly archiveAfterDays?: number
}

const MARKS: Record<StepResult['outcome'], string> = {
  done: 'set ',
  already: 'ok  ',
  would: 'todo',
  unsupported: 'no  ',
  'left out': '-   ',
}

/** Brings a bucket into the state that Halftone wants it in; only says what is missing unless told to write. */
export async function setup(config: Config, choices: SetupChoices): Promise<void> {
  const settled = withBucket(config)
  const { HALFTONE_BUCKET: bucket, AWS_ENDPOINT_URL_S3: endpoint } = settled
  if (choices.iam === true)
    return print(JSON.stringify(iamPolicy(iamOptionsOf(settled, bucket)), undefined, 2))
  const administration = createBucketAdministration(s3OptionsOf(settled, bucket))
  try {
    if (choices.write === true) print(`bucket ${bucket}: ${await administration.create()}`)
    const options = {
      bucket,
      origins: choices.origin ?? [],
      encryption: encryptionOf(settled),
      isOverTls: endpoint === undefined || endpoint.startsWith('https:'),
      logBucket: choices.logBucket,
      recoveryDays: choices.recoveryDays,
      archiveAfterDays: choices.archiveAfterDays,
    }
    const results = await setUpBucket(administration, options, choices.write === true)
    for (const { name, outcome, detail } of results) print(`${MARKS[outcome]} ${name}: ${detail}`)
    const left = results.filter(({ outcome }) => outcome === 'would').length
    if (left > 0) print(`\n${left} to do: run it again with --write`)
  } finally {
    administration.close()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function iamOptionsOf(config: Config, bucket: string): IamOptions {
  const { HALFTONE_S3_KMS_KEY_ID: kmsKeyArn, HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: id } = config
  // An id belongs to one account only, whichever that is.
  const distributionArn = id === undefined ? undefined : `arn:aws:cloudfront::*:distribution/${id}`
  return { bucket, kmsKeyArn, distributionArn, queueArn: queueArnOf(config.HALFTONE_BUCKET_EVENTS_QUEUE_URL) }
}

/** SQS says where a queue is by host, account and name; `undefined` of an address that is not one of AWS. */
function queueArnOf(url: string | undefined): string | undefined {
  const [, region, account, name] = /^https:\/\/sqs\.([\w-]+)\.[^/]+\/(\d+)\/([\w-]+)$/.exec(url ?? '') ?? []
  return name === undefined ? undefined : `arn:aws:sqs:${region}:${account}:${name}`
}

/** What the bucket does of its own accord is what Halftone asks for with each write, or else S3's own keys. */
function encryptionOf({ HALFTONE_S3_SSE: sse, HALFTONE_S3_KMS_KEY_ID: kmsKeyId }: Config): BucketEncryption {
  return sse === 'kms' ? { algorithm: 'aws:kms', kmsKeyId } : { algorithm: 'AES256' }
}
