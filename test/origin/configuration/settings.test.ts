import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  ListBucketsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { LogLine } from '../../../origin/log.ts'
import { type Files, NODE_FILES } from '../../../origin/store/files.ts'
import { type RawAnswer, send, sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const DOCUMENTS = ['cors', 'lifecycle', 'policy']

function policyFor(prefix: string): string {
  const Resource = `arn:aws:s3:::${BUCKET}/${prefix}*`
  return JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource } })
}

async function configure(client: S3Client): Promise<void> {
  const at = { Bucket: BUCKET }
  const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]
  const Rules = [{ ID: 'a', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } }] as const
  await Promise.all([
    client.send(new PutBucketCorsCommand({ ...at, CORSConfiguration: { CORSRules } })),
    client.send(
      new PutBucketLifecycleConfigurationCommand({ ...at, LifecycleConfiguration: { Rules: [...Rules] } }),
    ),
    client.send(new PutBucketPolicyCommand({ ...at, Policy: policyFor('img/') })),
  ])
}

/** The codes that each configuration is answered with. */
async function codes(url: string): Promise<(string | undefined)[]> {
  const answers = DOCUMENTS.map((name) => sendSigned({ url, path: `/${BUCKET}`, query: { [name]: '' } }))
  return (await Promise.all(answers)).map(({ code }) => code)
}

const NONE = ['NoSuchCORSConfiguration', 'NoSuchLifecycleConfiguration', 'NoSuchBucketPolicy']
const ALL = [undefined, undefined, undefined]

function readAnonymously(url: string, key: string): Promise<RawAnswer> {
  return send({ url, method: 'GET', path: `/${BUCKET}/${key}`, headers: {}, body: undefined })
}

async function configuredDirectory(): Promise<string> {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory })
  const client = createClient(origin.url)
  await configure(client)
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'img/a', Body: 'x' }))
  await origin.close()
  return directory
}

describe("a bucket's configurations", () => {
  test('that come at the same time do not lose each other, over a restart too', async () => {
    const directory = await configuredDirectory()
    const { url } = await startTestOrigin({ directory })
    expect(await codes(url)).toEqual(ALL)
    for (const name of DOCUMENTS) {
      const path = `/${BUCKET}`
      expect((await sendSigned({ url, method: 'DELETE', path, query: { [name]: '' } })).status).toBe(204)
    }
    expect(await codes(url)).toEqual(NONE)
  })

  test('go with the bucket', async () => {
    const directory = await configuredDirectory()
    const { url } = await startTestOrigin({ directory })
    const client = createClient(url)
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'img/a' }))
    await client.send(new DeleteBucketCommand({ Bucket: BUCKET }))
    expect(await codes(url)).toEqual(['NoSuchBucket', 'NoSuchBucket', 'NoSuchBucket'])
    expect(readdirSync(join(directory, 'buckets'))).toEqual([])
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
    expect(await codes(url)).toEqual(NONE)
  })

  test.each(['open', 'rename'] as const)('a disk that fails at %s leaves the old one', async (step) => {
    const directory = await configuredDirectory()
    let isFailing = false
    const check = (): void => {
      if (isFailing) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    }
    const open: Files['open'] = async (...parameters) => (check(), NODE_FILES.open(...parameters))
    const rename: Files['rename'] = async (from, to) => (check(), NODE_FILES.rename(from, to))
    const failing = step === 'open' ? { open } : { rename }
    const first = await startTestOrigin({ directory, files: { ...NODE_FILES, ...failing } })
    const client = createClient(first.url)
    isFailing = true
    const put = new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: policyFor('') })
    await expect(client.send(put)).rejects.toMatchObject({ name: 'InsufficientStorage' })
    isFailing = false
    const get = new GetBucketPolicyCommand({ Bucket: BUCKET })
    expect((await client.send(get)).Policy).toBe(policyFor('img/'))
    expect(readdirSync(join(directory, 'tmp'))).toEqual([])
    await first.close()
    const second = createClient((await startTestOrigin({ directory })).url)
    expect((await second.send(get)).Policy).toBe(policyFor('img/'))
  })

  const damages: readonly [what: string, damage: (path: string) => void][] = [
    ['cut', (path) => truncateSync(path, 30)],
    ['emptied', (path) => truncateSync(path, 0)],
    ['changed', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('img/', ''))],
  ]
  test.each(damages)('a file that was %s is set aside, said, and opens nothing', async (_what, damage) => {
    const directory = await configuredDirectory()
    const path = join(directory, 'buckets', BUCKET)
    damage(path)
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ directory, log: (line) => lines.push(line) })
    expect(lines).toMatchObject([{ msg: 'set aside at start', what: 'damaged settings of a bucket', path }])
    expect(readdirSync(join(directory, 'damaged'))).toEqual([expect.stringContaining(`settings-${BUCKET}`)])
    expect(await codes(url)).toEqual(NONE)
    expect((await readAnonymously(url, 'img/a')).code).toBe('AccessDenied')
    expect((await sendSigned({ url, path: `/${BUCKET}/img/a` })).status).toBe(200)
    await configure(createClient(url))
    expect((await readAnonymously(url, 'img/a')).status).toBe(200)
  })

  test('a file from before there were any keeps its date', async () => {
    const directory = await configuredDirectory()
    writeFileSync(join(directory, 'buckets', BUCKET), '{"createdAt":1700000000000}\n')
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ directory, log: (line) => lines.push(line) })
    const { Buckets } = await createClient(url).send(new ListBucketsCommand({}))
    expect(Buckets).toMatchObject([{ Name: BUCKET, CreationDate: new Date(1_700_000_000_000) }])
    expect([await codes(url), lines]).toEqual([NONE, []])
  })
})
