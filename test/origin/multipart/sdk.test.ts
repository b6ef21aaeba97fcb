import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  paginateListParts,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { BUCKET, createClient, startTestOrigin } from '../start-test-origin.ts'
import { multipartEtag } from './upload-steps.ts'

const MIN_BYTES = 5 * 1024 * 1024
const FIRST = Buffer.alloc(MIN_BYTES, 'first part ')
const LAST = Buffer.from('and the last')
const WHOLE = Buffer.concat([FIRST, LAST])
const Key = 'ä/an upload'
const NAME = { Bucket: BUCKET, Key }

describe('the SDK as it is by default', () => {
  test('uploads in parts what it then reads whole', async () => {
    const client = await start()
    const made = await upload(client, [FIRST, LAST])
    expect(made).toMatchObject({ ...NAME, ETag: multipartEtag([FIRST, LAST]) })
    expect(made.Location).toMatch(/\/pictures\/%C3%A4\/an%20upload$/)
    const got = await client.send(new GetObjectCommand(NAME))
    expect(got.ETag).toBe(made.ETag)
    expect(got.ContentLength).toBe(WHOLE.length)
    expect(WHOLE.equals(Buffer.from((await got.Body?.transformToByteArray()) ?? []))).toBe(true)
  })

  test('sends a part as a stream, its checksum behind it', async () => {
    const client = await start()
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(NAME))
    const Body = Readable.from([LAST.subarray(0, 4), LAST.subarray(4)], { objectMode: false })
    const part = { ...NAME, UploadId, PartNumber: 1, Body, ContentLength: LAST.length }
    const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part))
    expect(ChecksumCRC32).toBe(base64Crc32(LAST))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await client.send(new CompleteMultipartUploadCommand({ ...NAME, UploadId, MultipartUpload }))
    const got = await client.send(new GetObjectCommand(NAME))
    expect(await got.Body?.transformToString()).toBe(LAST.toString())
  })

  test('what was said at the beginning is said of the object', async () => {
    const client = await start()
    const said = {
      ContentType: 'image/png',
      CacheControl: 'max-age=5',
      ContentDisposition: 'inline',
      Metadata: { a: '1' },
    }
    await upload(client, [LAST], said)
    expect(await client.send(new HeadObjectCommand(NAME))).toMatchObject(said)
  })

  test('a completion that is sent again is answered as the first was', async () => {
    const client = await start()
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(NAME))
    const Parts = await sendParts(client, UploadId, [LAST])
    const command = { ...NAME, UploadId, MultipartUpload: { Parts } }
    const first = await client.send(new CompleteMultipartUploadCommand(command))
    const second = await client.send(new CompleteMultipartUploadCommand(command))
    expect({ ...second, $metadata: {} }).toEqual({ ...first, $metadata: {} })
    await expect(client.send(new AbortMultipartUploadCommand({ ...NAME, UploadId }))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    })
    await client.send(new PutObjectCommand({ ...NAME, Body: 'something else' }))
    await expect(client.send(new CompleteMultipartUploadCommand(command))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    })
  })
})

const FULL_CRC32 = base64Crc32(WHOLE)

const CHECKSUMS: readonly {
  what: string
  begin: Partial<CreateMultipartUploadCommandInput>
  made: Record<string, string>
}[] = [
  {
    what: 'CRC32 without a type is composite',
    begin: { ChecksumAlgorithm: 'CRC32' },
    made: { ChecksumCRC32: compositeOf(base64Crc32), ChecksumType: 'COMPOSITE' },
  },
  {
    what: 'CRC32 of the whole object',
    begin: { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' },
    made: { ChecksumCRC32: FULL_CRC32, ChecksumType: 'FULL_OBJECT' },
  },
  {
    what: 'SHA256',
    begin: { ChecksumAlgorithm: 'SHA256' },
    made: { ChecksumSHA256: compositeOf(base64Sha256, base64Sha256), ChecksumType: 'COMPOSITE' },
  },
  {
    what: 'the CRC32 that the SDK adds to each part, though none was agreed',
    begin: {},
    made: { ChecksumCRC32: FULL_CRC32, ChecksumType: 'FULL_OBJECT' },
  },
]

describe('checksums', () => {
  test.each(CHECKSUMS)('$what', async ({ begin, made }) => {
    const client = await start()
    expect(await upload(client, [FIRST, LAST], begin)).toMatchObject(made)
    const read = { ...NAME, ChecksumMode: 'ENABLED' } as const
    const got = await client.send(new GetObjectCommand(read))
    expect(got).toMatchObject(made)
    // The SDK itself compares the bytes with the checksum while it reads them.
    expect((await got.Body?.transformToByteArray())?.length).toBe(WHOLE.length)
    expect(await client.send(new HeadObjectCommand(read))).toMatchObject(made)
  })

  test('of the whole object, given at the end, are verified', async () => {
    const client = await start()
    const begin = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...NAME, ...begin }))
    const MultipartUpload = { Parts: await sendParts(client, UploadId, [FIRST, LAST], 'CRC32') }
    const end = { ...NAME, UploadId, MultipartUpload, ChecksumType: 'FULL_OBJECT' } as const
    const wrong = new CompleteMultipartUploadCommand({ ...end, ChecksumCRC32: base64Crc32(LAST) })
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' })
    const right = new CompleteMultipartUploadCommand({ ...end, ChecksumCRC32: FULL_CRC32 })
    expect(await client.send(right)).toMatchObject({ ChecksumCRC32: FULL_CRC32 })
  })
})

describe('copies', () => {
  test('of an object, and of a range of one, as parts', async () => {
    const client = await start()
    await upload(client, [FIRST, LAST])
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'new' }))
    const part = { Bucket: BUCKET, Key: 'new', UploadId, CopySource: `${BUCKET}/${encodeURIComponent(Key)}` }
    const whole = await client.send(new UploadPartCopyCommand({ ...part, PartNumber: 1 }))
    // Across the seam of the two parts of the source.
    const CopySourceRange = `bytes=${MIN_BYTES - 5}-${MIN_BYTES + 2}`
    const piece = await client.send(new UploadPartCopyCommand({ ...part, PartNumber: 2, CopySourceRange }))
    const seam = WHOLE.subarray(MIN_BYTES - 5, MIN_BYTES + 3)
    expect(piece.CopyPartResult).toMatchObject({
      ETag: `"${createHash('md5').update(seam).digest('hex')}"`,
    })
    expect(piece.CopyPartResult?.LastModified).toBeInstanceOf(Date)
    const Parts = [whole, piece].map(({ CopyPartResult }, index) => ({
      PartNumber: index + 1,
      ETag: CopyPartResult?.ETag,
    }))
    const end = { Bucket: BUCKET, Key: 'new', UploadId, MultipartUpload: { Parts } }
    await client.send(new CompleteMultipartUploadCommand(end))
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'new' }))
    const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? [])
    expect(bytes.equals(Buffer.concat([WHOLE, seam]))).toBe(true)
  })

  test('of an object that was uploaded in parts outlive it', async () => {
    const client = await start()
    const { ETag } = await upload(client, [FIRST, LAST])
    const CopySource = `${BUCKET}/${encodeURIComponent(Key)}`
    await client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy', CopySource }))
    await client.send(new PutObjectCommand({ ...NAME, Body: 'replaced' }))
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'copy' }))
    expect(got.ETag).toBe(ETag)
    expect(WHOLE.equals(Buffer.from((await got.Body?.transformToByteArray()) ?? []))).toBe(true)
  })
})

describe('listings', () => {
  test('of parts', async () => {
    const client = await start()
    const begin = { ...NAME, ChecksumAlgorithm: 'CRC32' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(begin))
    const parts = await sendParts(client, UploadId, [LAST, FIRST, LAST], 'CRC32')
    const first = await client.send(new ListPartsCommand({ ...NAME, UploadId, MaxParts: 2 }))
    expect(first).toMatchObject({
      ...NAME,
      UploadId,
      IsTruncated: true,
      NextPartNumberMarker: '2',
      MaxParts: 2,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'COMPOSITE',
      Parts: [
        { ...parts[0], Size: LAST.length },
        { ...parts[1], Size: FIRST.length },
      ],
    })
    const none = await client.send(new ListPartsCommand({ ...NAME, UploadId, MaxParts: 0 }))
    expect(none).toMatchObject({ IsTruncated: false })
    // The SDK's pages end where no marker is, whatever IsTruncated says.
    const pages: (number | undefined)[][] = []
    for await (const { Parts } of paginateListParts({ client, pageSize: 2 }, { ...NAME, UploadId }))
      pages.push((Parts ?? []).map(({ PartNumber }) => PartNumber))
    expect(pages).toEqual([[1, 2], [3]])
  })

  test('of uploads', async () => {
    const client = await start()
    const begin = { ...NAME, ChecksumAlgorithm: 'SHA1' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(begin))
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
    expect(Uploads).toMatchObject([{ Key, UploadId, StorageClass: 'STANDARD', ChecksumAlgorithm: 'SHA1' }])
    await client.send(new AbortMultipartUploadCommand({ ...NAME, UploadId }))
    const after = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
    expect(after.Uploads).toBeUndefined()
  })
})

async function start(): Promise<S3Client> {
  return createClient((await startTestOrigin()).url)
}

async function upload(
  client: S3Client,
  bodies: readonly Buffer[],
  begin: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<CompleteMultipartUploadCommandOutput> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...NAME, ...begin }))
  const Parts = await sendParts(client, UploadId, bodies, begin.ChecksumAlgorithm)
  return client.send(new CompleteMultipartUploadCommand({ ...NAME, UploadId, MultipartUpload: { Parts } }))
}

async function sendParts(
  client: S3Client,
  UploadId: string | undefined,
  bodies: readonly Buffer[],
  ChecksumAlgorithm?: CreateMultipartUploadCommandInput['ChecksumAlgorithm'],
): Promise<CompletedPart[]> {
  return Promise.all(
    bodies.map(async (Body, index): Promise<CompletedPart> => {
      const part = { ...NAME, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm }
      const { ETag, ChecksumCRC32, ChecksumSHA256 } = await client.send(new UploadPartCommand(part))
      return {
        PartNumber: index + 1,
        ETag,
        ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
        ...(ChecksumSHA256 !== undefined && { ChecksumSHA256 }),
      }
    }),
  )
}

function base64Crc32(data: Buffer): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(data))
  return bytes.toString('base64')
}

function base64Sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('base64')
}

function compositeOf(checksum: (data: Buffer) => string, outer = checksum): string {
  const sums = [FIRST, LAST].map((part) => Buffer.from(checksum(part), 'base64'))
  return `${outer(Buffer.concat(sums))}-2`
}
