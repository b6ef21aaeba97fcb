import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { iamPolicy } from '../../src/setup/iam-policy.ts'
import { setUpBucket, type SetupOptions } from '../../src/setup/plan.ts'
import { tlsOnly, withStatement } from '../../src/setup/bucket-policy.ts'
import {
  type BucketAdministration,
  createBucketAdministration,
} from '../../src/storage/bucket-administration.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

let origin: RunningOrigin
let bucket: BucketAdministration
const options: SetupOptions = {
  bucket: 'halftone-test',
  origins: ['https://shop.example'],
  encryption: { algorithm: 'AES256' },
  isOverTls: false,
  recoveryDays: 30,
}

beforeAll(async () => {
  origin = await startOrigin()
  bucket = administer(origin.bucket)
})

afterAll(async () => {
  bucket.close()
  await origin.stop()
})

function administer(name: string): BucketAdministration {
  const { url: endpoint, accessKeyId, secretAccessKey } = origin
  return createBucketAdministration({
    bucket: name,
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
}

async function outcomes(writes: boolean, changed: Partial<SetupOptions> = {}) {
  const results = await setUpBucket(bucket, { ...options, ...changed }, writes)
  return Object.fromEntries(results.map(({ name, outcome }) => [name, outcome]))
}

describe('requirements: Safety – a bucket is set up', () => {
  test('looking at it changes nothing; what is written is there the next time; what a store lacks is said', async () => {
    expect(await outcomes(false)).toMatchObject({ CORS: 'would', lifecycle: 'would', TLS: 'left out' })
    expect(await bucket.cors.get()).toBeUndefined()
    expect(await outcomes(true)).toEqual({
      privacy: 'unsupported',
      encryption: 'unsupported',
      TLS: 'left out',
      versioning: 'unsupported',
      CORS: 'done',
      lifecycle: 'done',
    })
    expect(await outcomes(true)).toMatchObject({ CORS: 'already', lifecycle: 'already' })
  })

  test('rules of others stay, and ours are replaced', async () => {
    const theirs = { ID: 'theirs', AllowedOrigins: ['https://other.example'], AllowedMethods: ['GET'] }
    const ours = (await bucket.cors.get()) ?? []
    await bucket.cors.put([theirs, ...(ours === 'unsupported' ? [] : ours)])
    expect(await outcomes(true, { origins: ['https://new.example'] })).toMatchObject({ CORS: 'done' })
    const rules = await bucket.cors.get()
    expect(rules).toMatchObject([
      { ID: 'theirs', AllowedOrigins: ['https://other.example'] },
      { ID: 'halftone-uploads', AllowedOrigins: ['https://new.example'] },
    ])
  })

  test('unfinished uploads go after a day; what a store refuses leaves its rules as they were', async () => {
    const expiry = { ID: 'halftone-uploads', Filter: { Prefix: 'temp/' }, Expiration: { Days: 1 } }
    expect(await bucket.lifecycle.get()).toContainEqual(expect.objectContaining(expiry))
    expect(await outcomes(true, { archiveAfterDays: 90 })).toMatchObject({ lifecycle: 'unsupported' })
    expect(await bucket.lifecycle.get()).toContainEqual(expect.objectContaining(expiry))
  })

  test('a bucket that is not there is made, once', async () => {
    const fresh = administer('halftone-fresh')
    expect([await fresh.create(), await fresh.create()]).toEqual(['created', 'exists'])
    fresh.close()
  })

  test('without TLS everybody is denied; statements of others stay', () => {
    const theirs = { Sid: 'Theirs', Effect: 'Allow', Action: 's3:GetObject' }
    const old = { ...tlsOnly('photos'), Effect: 'Allow' }
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [theirs, old] })
    const made = withStatement(policy, tlsOnly('photos'))
    expect(JSON.parse(made)).toEqual({ Version: '2012-10-17', Statement: [theirs, tlsOnly('photos')] })
    expect(withStatement(made, tlsOnly('photos'))).toBe(made)
    expect(JSON.parse(withStatement(undefined, tlsOnly('photos')))).toMatchObject({ Version: '2012-10-17' })
  })
})

/** The permission that each call of the SDK asks for (Service Authorization Reference, "Actions defined by Amazon S3"). */
const PERMISSIONS: Record<string, string> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
}

describe('requirements: Safety – least privilege', () => {
  test('the IAM policy grants what the program calls, and nothing else', () => {
    const calls = new Set<string>()
    for (const folder of ['src/storage', 'src/transfers']) {
      for (const file of readdirSync(folder)) {
        // The operator's own, with the operator's rights.
        if (file === 'bucket-administration.ts') continue
        const text = readFileSync(join(folder, file), 'utf8')
        for (const [, name = ''] of text.matchAll(/new (\w+)Command\(/g)) calls.add(name)
      }
    }
    const needed = new Set([...calls].map((call) => PERMISSIONS[call] ?? `none known for ${call}`))
    const granted: string[] = JSON.stringify(iamPolicy('photos')).match(/s3:\w+/g) ?? []
    expect([...needed].filter((permission) => !granted.includes(permission))).toEqual([])
    expect(granted.filter((permission) => !needed.has(permission))).toEqual([])
  })

  test('a key of KMS is granted when there is one', () => {
    expect(JSON.stringify(iamPolicy('photos', 'arn:aws:kms:eu-west-1:1:key/k'))).toContain(
      'kms:GenerateDataKey',
    )
  })
})
