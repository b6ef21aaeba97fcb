import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test, vi } from 'vitest'
import { sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const DAY = 86_400_000
const AT = { Bucket: BUCKET, Key: 'a' }

/** An object of three parts, each with its checksum, and with a tag. */
async function uploadInParts(client: S3Client, ChecksumAlgorithm?: 'SHA256'): Promise<void> {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...AT,
      Tagging: 'kind=draft',
      ...(ChecksumAlgorithm && { ChecksumAlgorithm }),
    }),
  )
  const Parts = []
  for (const PartNumber of [2, 5, 9]) {
    const part = { ...AT, UploadId, PartNumber, Body: `part ${PartNumber}` }
    const { ETag, ChecksumSHA256 } = await client.send(
      new UploadPartCommand({ ...part, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) }),
    )
    Parts.push({ PartNumber, ETag, ChecksumSHA256 })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...AT, UploadId, MultipartUpload: { Parts } }))
}

async function clientOf(): Promise<{ url: string; client: S3Client }> {
  const { url } = await startTestOrigin({ minPartBytes: 1 })
  return { url, client: createClient(url, { requestChecksumCalculation: 'WHEN_REQUIRED' }) }
}

describe('an object that was uploaded in parts', () => {
  test('has the tags that its beginning gave it, and others later', async () => {
    const { url, client } = await clientOf()
    await uploadInParts(client)
    const get = new GetObjectTaggingCommand(AT)
    expect((await client.send(get)).TagSet).toEqual([{ Key: 'kind', Value: 'draft' }])
    const TagSet = [{ Key: 'kind', Value: 'final' }]
    await client.send(new PutObjectTaggingCommand({ ...AT, Tagging: { TagSet } }))
    expect((await client.send(get)).TagSet).toEqual(TagSet)
    const got = await sendSigned({ url, path: `/${BUCKET}/a` })
    expect([got.body.toString(), got.headers['x-amz-tagging-count']]).toEqual(['part 2part 5part 9', '1'])
  })

  test('tells its parts, page by page', async () => {
    const { client } = await clientOf()
    await uploadInParts(client, 'SHA256')
    const ask = { ...AT, ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts'] } as const
    const input = { ...ask, ObjectAttributes: [...ask.ObjectAttributes] }
    const first = await client.send(new GetObjectAttributesCommand({ ...input, MaxParts: 2 }))
    expect(first.ETag).toMatch(/^[0-9a-f]{32}-3$/)
    expect(first.Checksum).toMatchObject({
      ChecksumType: 'COMPOSITE',
      ChecksumSHA256: expect.stringMatching(/-3$/),
    })
    expect(first.ObjectParts).toMatchObject({
      TotalPartsCount: 3,
      PartNumberMarker: '0',
      NextPartNumberMarker: '5',
      MaxParts: 2,
      IsTruncated: true,
    })
    expect(first.ObjectParts?.Parts).toMatchObject([
      { PartNumber: 2, Size: 6, ChecksumSHA256: expect.any(String) },
      { PartNumber: 5, Size: 6, ChecksumSHA256: expect.any(String) },
    ])
    const rest = await client.send(new GetObjectAttributesCommand({ ...input, PartNumberMarker: '5' }))
    expect(rest.ObjectParts).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 9, Size: 6 }] })
  })

  test('only counts parts without checksums, and refuses a page that is none', async () => {
    const { url, client } = await clientOf()
    await uploadInParts(client)
    const input = { ...AT, ObjectAttributes: ['ObjectParts' as const] }
    const { ObjectParts } = await client.send(new GetObjectAttributesCommand(input))
    expect([ObjectParts?.TotalPartsCount, ObjectParts?.Parts]).toEqual([3, undefined])
    const headers = { 'x-amz-object-attributes': 'ObjectParts', 'x-amz-max-parts': 'many' }
    const refused = await sendSigned({ url, path: `/${BUCKET}/a`, query: { attributes: '' }, headers })
    expect(refused.code).toBe('InvalidArgument')
  })
})

test('uploads that nobody completes are aborted by the rule, over a restart', async () => {
  const directory = temporaryDirectory()
  const first = await startTestOrigin({ directory })
  const client = createClient(first.url)
  const Rules: LifecycleRule[] = [
    {
      Status: 'Enabled',
      Filter: { Prefix: 'up/' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
  ]
  const configuration = { Bucket: BUCKET, LifecycleConfiguration: { Rules } }
  await client.send(new PutBucketLifecycleConfigurationCommand(configuration))
  const begin = async (Key: string): Promise<string | undefined> =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }))).UploadId
  await begin('up/a')
  const kept = await begin('elsewhere')
  expect((await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads).toHaveLength(2)
  await first.close()

  const later = (): number => Date.now() + 2 * DAY
  const second = await startTestOrigin({ directory, now: later })
  const list = { url: second.url, path: `/${BUCKET}`, query: { uploads: '' }, signedAt: new Date(later()) }
  await vi.waitFor(async () => {
    const listed = (await sendSigned(list)).body.toString()
    expect([...listed.matchAll(/<UploadId>(\w+)<\/UploadId>/g)].map(([, id]) => id)).toEqual([kept])
  })
  await second.close()
  const third = createClient((await startTestOrigin({ directory })).url)
  const abort = new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'elsewhere', UploadId: kept })
  expect((await third.send(abort)).$metadata.httpStatusCode).toBe(204)
})
