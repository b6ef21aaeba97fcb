import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openBucket } from '../../src/composition/bucket.ts'
import { parseConfig } from '../../src/config.ts'
import { iamPolicy } from '../../src/setup/iam-policy.ts'
import { setUpBucket, type SetupOptions } from '../../src/setup/plan.ts'
import { tlsOnly, withStatement } from '../../src/setup/bucket-policy.ts'
import {
  type BucketAdministration,
  createBucketAdministration,
} from '../../src/storage/bucket-administration.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
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

function administer(name: string, endpoint = origin.url): BucketAdministration {
  const { accessKeyId, secretAccessKey } = origin
  return createBucketAdministration({
    bucket: name,
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
}

async function outcomes(writes: boolean, changed: Partial<SetupOptions> = {}, administered = bucket) {
  const results = await setUpBucket(administered, { ...options, ...changed }, writes)
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
      'access logging': 'left out',
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

/** A store that knows of nothing but access logging, and keeps what it is told as S3 does. */
async function startLoggingStore() {
  let kept = '<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      if (!/^\/halftone-test\/?\?logging/.test(request.url ?? '')) return response.writeHead(501).end()
      if (request.method === 'PUT') kept = body
      return response.writeHead(200).end(request.method === 'PUT' ? undefined : kept)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It does not listen')
  return {
    url: `http://127.0.0.1:${address.port}`,
    kept: () => kept,
    set: (xml: string) => void (kept = xml),
    async close() {
      server.closeAllConnections()
      await promisify(server.close.bind(server))()
    },
  }
}

describe('requirements: Safety – access logging', () => {
  const LOGS = { logBucket: 'halftone-logs' }
  const logging = async (
    writes: boolean,
    choice: Partial<SetupOptions>,
    administered?: BucketAdministration,
  ) => (await outcomes(writes, choice, administered))['access logging']

  test('goes to the bucket that is named, under the name of ours; what others have set beside it stays', async () => {
    const store = await startLoggingStore()
    const administered = administer('halftone-test', store.url)
    onTestFinished(async () => {
      administered.close()
      await store.close()
    })
    expect(await logging(false, LOGS, administered)).toBe('would')
    expect(store.kept()).not.toContain('halftone-logs')
    expect(await logging(true, LOGS, administered)).toBe('done')
    expect(store.kept()).toContain('<TargetBucket>halftone-logs</TargetBucket>')
    expect(store.kept()).toContain('<TargetPrefix>halftone-test/</TargetPrefix>')
    expect(await logging(true, LOGS, administered)).toBe('already')
    const format = '<TargetObjectKeyFormat><SimplePrefix></SimplePrefix></TargetObjectKeyFormat>'
    store.set(
      store
        .kept()
        .replace('>halftone-logs<', '>others<')
        .replace('</LoggingEnabled>', `${format}</LoggingEnabled>`),
    )
    expect(await logging(true, LOGS, administered)).toBe('done')
    expect(await administered.logging.get()).toEqual({
      TargetBucket: 'halftone-logs',
      TargetPrefix: 'halftone-test/',
      TargetObjectKeyFormat: { SimplePrefix: {} },
    })
  })

  test('is left out where no bucket is named, or the same one; a store without it is told so', async () => {
    expect(await logging(true, {})).toBe('left out')
    expect(await logging(true, { logBucket: 'halftone-test' })).toBe('left out')
    expect(await logging(true, LOGS)).toBe('unsupported')
  })
})

describe('requirements: Safety – TLS to AWS', () => {
  /** Where the first request of a store would go; nothing is sent. */
  async function targetOf(environment: Record<string, string>): Promise<string> {
    const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' }
    const store = openBucket(parseConfig({ ...keys, ...environment }), 'photos')
    onTestFinished(() => store.close())
    const targets: string[] = []
    const target = z.object({ protocol: z.string(), hostname: z.string() })
    store.bucket.client.middlewareStack.add(
      () =>
        async ({ request }) => {
          const { protocol, hostname } = target.parse(request)
          targets.push(`${protocol}//${hostname}`)
          throw new Error('nothing is sent')
        },
      { step: 'finalizeRequest', priority: 'high' },
    )
    await expect(store.head('items/42/album.json')).rejects.toThrow('The bucket could not be reached')
    return targets.join()
  }

  test('the bucket is spoken to by https unless an endpoint says otherwise', async () => {
    expect(await targetOf({})).toBe('https://photos.s3.eu-central-1.amazonaws.com')
    expect(await targetOf({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' })).toBe('http://127.0.0.1')
  })

  test('what others are given to send there is https, too', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' }
    const store = openBucket(parseConfig(keys), 'photos')
    onTestFinished(() => store.close())
    const presigner = createS3Presigner(store.bucket)
    const file = { key: 'temp/uploads/u/a.jpg', expiresInS: 60, contentType: 'image/jpeg' }
    const form = await presigner.form({ ...file, minBytes: 1, maxBytes: 9 })
    const put = await presigner.put({ ...file, bytes: 9 })
    for (const { url } of [form, put]) expect(new URL(url).protocol).toBe('https:')
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
    const granted: string[] = JSON.stringify(iamPolicy({ bucket: 'photos' })).match(/s3:\w+/g) ?? []
    expect([...needed].filter((permission) => !granted.includes(permission))).toEqual([])
    expect(granted.filter((permission) => !needed.has(permission))).toEqual([])
  })

  test('a key of KMS is granted when there is one', () => {
    expect(
      JSON.stringify(iamPolicy({ bucket: 'photos', kmsKeyArn: 'arn:aws:kms:eu-west-1:1:key/k' })),
    ).toContain('kms:GenerateDataKey')
  })
})
