import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  type ChecksumAlgorithm,
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type ChunkedRequest, sendChunked } from './chunked-body.ts'
import { begin, complete, sendParts } from './multipart/upload-steps.ts'
import { presign, type RawAnswer, type RawRequest, send, sendSigned } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`
const CHUNKS = ['1234', '5', '6789']
const ENABLED = { 'x-amz-checksum-mode': 'ENABLED' }

/** Of `123456789`: the check values of the catalogue of CRC algorithms, and the hashes' own. */
const VALUES: readonly [header: string, value: string, ofOtherBytes: string][] = [
  ['x-amz-checksum-crc32', 'y/Q5Jg==', 'AAAAAA=='],
  ['x-amz-checksum-crc32c', '4waSgw==', 'AAAAAA=='],
  ['x-amz-checksum-crc64nvme', 'rosUhgp5mIg=', 'AAAAAAAAAAA='],
  ['x-amz-checksum-sha1', '98O8HYCOBHMq32eZZczDTKeuNEE=', digest('sha1', 'x')],
  ['x-amz-checksum-sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=', digest('sha256', 'x')],
]

/** How a body and its checksum may travel. */
const WAYS: readonly {
  way: string
  request: (headers: Record<string, string>) => Partial<ChunkedRequest>
}[] = [
  { way: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', request: (trailers) => ({ signed: false, trailers }) },
  { way: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', request: (trailers) => ({ signed: true, trailers }) },
  { way: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', request: (headers) => ({ signed: true, headers }) },
]

describe.each(WAYS)('with $way', ({ request }) => {
  test.each(VALUES)('%s is verified, stored and returned', async (header, value, wrong) => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const put = async (sent: string): Promise<RawAnswer> =>
      sendChunked({ url, path: PATH, chunks: CHUNKS, signed: false, ...request({ [header]: sent }) })
    expect((await put(wrong)).code).toBe('BadDigest')
    expect((await put('no checksum')).code).toBe('InvalidRequest')
    expect(readdirSync(join(directory, 'blobs'))).toEqual([])
    const stored = await put(value)
    expect([stored.status, stored.headers[header]]).toEqual([200, value])
    for (const method of ['GET', 'HEAD']) {
      const asked = await sendSigned({ url, method, path: PATH, headers: ENABLED })
      expect([asked.headers[header], asked.headers['x-amz-checksum-type']]).toEqual([value, 'FULL_OBJECT'])
      expect((await sendSigned({ url, method, path: PATH })).headers[header]).toBeUndefined()
    }
  })

  test('Content-MD5 is verified', async () => {
    const { url } = await startTestOrigin()
    const put = async (md5: string): Promise<RawAnswer> => {
      const further = request({ 'x-amz-checksum-crc32': 'y/Q5Jg==' })
      const headers = { ...further.headers, 'content-md5': md5 }
      return sendChunked({ url, path: PATH, chunks: CHUNKS, signed: false, ...further, headers })
    }
    expect((await put(digest('md5', '12345678X'))).code).toBe('BadDigest')
    expect((await put(`${digest('md5', '123456789')}=`)).code).toBe('InvalidDigest')
    expect((await put(digest('md5', '123456789'))).status).toBe(200)
  })

  test('a checksum in the header and another in the trailer are refused', async () => {
    const { url } = await startTestOrigin()
    const headers = { 'x-amz-checksum-crc32c': '4waSgw==', 'x-amz-checksum-sha1': VALUES[3]?.[1] ?? '' }
    const further = request({ 'x-amz-checksum-crc32': 'y/Q5Jg==' })
    const put = await sendChunked({ url, path: PATH, chunks: CHUNKS, signed: false, ...further, headers })
    expect(put.code).toBe('InvalidRequest')
  })
})

describe('x-amz-sdk-checksum-algorithm', () => {
  test.each([
    ['CRC32', undefined],
    ['crc32', undefined],
    ['SHA256', 'InvalidRequest'],
    ['MD4', 'InvalidRequest'],
  ])('%s beside a CRC32: %s', async (algorithm, code) => {
    const { url } = await startTestOrigin()
    const headers = { 'x-amz-checksum-crc32': 'y/Q5Jg==', 'x-amz-sdk-checksum-algorithm': algorithm }
    expect((await put(url, { headers })).code).toBe(code)
  })
})

test('a trailer that was announced as another is refused', async () => {
  const { url } = await startTestOrigin()
  const spoil = (body: string): string => body.replace('x-amz-checksum-crc32:', 'x-amz-checksum-crc32c:')
  const trailers = { 'x-amz-checksum-crc32': 'y/Q5Jg==' }
  const sent = await sendChunked({ url, path: PATH, chunks: CHUNKS, signed: false, trailers, spoil })
  expect(sent.code).toBe('MalformedTrailerError')
})

test('a presigned request may ask for the checksum in its query', async () => {
  const { url } = await startTestOrigin()
  await put(url, { headers: { 'x-amz-checksum-sha1': VALUES[3]?.[1] ?? '' } })
  const got = await send(await presign({ url, path: PATH, query: ENABLED }))
  expect(got.headers['x-amz-checksum-sha1']).toBe(VALUES[3]?.[1])
})

test('a presigned request may not bring line breaks into headers', async () => {
  const { url } = await startTestOrigin()
  const raw = { url, method: 'PUT', path: PATH, query: { 'x-amz-meta-a': 'b\r\nc' } }
  expect((await send({ ...(await presign(raw)), body: 'x' })).code).toBe('InvalidArgument')
})

const ALGORITHMS: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']

describe.each(ALGORITHMS)('%s by the SDK', (algorithm) => {
  const field = `Checksum${algorithm}` as const
  const content = Buffer.alloc(300_001, 'abcdefg')

  test('of a stream, in a trailer', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url)
    const Body = Readable.from([content.subarray(0, 70_000), content.subarray(70_000)])
    const object = { Bucket: BUCKET, Key: 'a' }
    const ContentLength = content.length
    await client.send(new PutObjectCommand({ ...object, Body, ContentLength, ChecksumAlgorithm: algorithm }))
    const head = await client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }))
    expect(head[field]).toBeTypeOf('string')
    expect(head.ChecksumType).toBe('FULL_OBJECT')
    // The client compares the bytes with the checksum as it reads.
    const got = await client.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }))
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(content)).toBe(true)
  })

  test('of a copy, whatever its source has', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url, { requestChecksumCalculation: 'WHEN_REQUIRED' })
    const source = { Bucket: BUCKET, Key: 'source', Body: content }
    await client.send(new PutObjectCommand(source))
    const copied = await client.send(
      new CopyObjectCommand({
        Bucket: BUCKET,
        Key: 'copy',
        CopySource: `${BUCKET}/source`,
        ChecksumAlgorithm: algorithm,
      }),
    )
    const put = await client.send(new PutObjectCommand({ ...source, ChecksumAlgorithm: algorithm }))
    expect(copied.CopyObjectResult?.[field]).toBe(put[field])
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'copy' }))
    expect(Contents?.[0]?.ChecksumAlgorithm).toEqual([algorithm])
  })
})

test('a copy of an object that came in parts gets one of the whole', async () => {
  const { url } = await startTestOrigin({ minPartBytes: 4 })
  const upload = await begin(url, 'parts')
  await complete(upload, await sendParts(upload, ['1234', '56789']))
  const headers = { 'x-amz-copy-source': `/${BUCKET}/parts`, 'x-amz-checksum-algorithm': 'CRC64NVME' }
  const copied = await sendSigned({ url, method: 'PUT', path: PATH, headers })
  expect(copied.body.toString()).toContain('<ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME>')
  const got = await sendSigned({ url, path: PATH, headers: ENABLED })
  expect(got.body.toString()).toBe('123456789')
  expect(got.headers['x-amz-checksum-crc64nvme']).toBe('rosUhgp5mIg=')
})

test('a copy with an unknown checksum leaves nothing behind', async () => {
  const directory = temporaryDirectory()
  const { url } = await startTestOrigin({ directory })
  await put(url, {})
  const headers = { 'x-amz-copy-source': PATH, 'x-amz-checksum-algorithm': 'MD4' }
  const copied = await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/b`, headers })
  expect(copied.code).toBe('InvalidRequest')
  expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1)
})

async function put(url: string, request: Partial<RawRequest>): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: PATH, body: '123456789', ...request })
}

function digest(algorithm: string, data: string): string {
  return createHash(algorithm).update(data).digest('base64')
}
