import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type ChunkedRequest, sendChunked } from './chunked-body.ts'
import { type RawAnswer, type RawRequest, sendSigned } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`
const CHUNKS = ['a'.repeat(8192), 'b'.repeat(70_000), 'c']
const CONTENT = CHUNKS.join('')
const CRC32 = { 'x-amz-checksum-crc32': 'Xndt/A==' }

const FORMS: readonly { what: string; request: Omit<ChunkedRequest, 'url' | 'path' | 'chunks'> }[] = [
  { what: 'unsigned with a trailer', request: { signed: false, trailers: CRC32 } },
  { what: 'signed', request: { signed: true } },
  { what: 'signed with a trailer', request: { signed: true, trailers: CRC32 } },
]

describe('aws-chunked', () => {
  test.each(FORMS)('$what is decoded, and its coding not stored', async ({ request }) => {
    const { url } = await startTestOrigin()
    const headers = { 'content-encoding': 'gzip,aws-chunked' }
    const put = await sendChunked({ url, path: PATH, chunks: CHUNKS, ...request, headers })
    expect(put.code).toBeUndefined()
    const got = await sendSigned({ url, path: PATH })
    expect(got.body.toString()).toBe(CONTENT)
    expect(got.headers['content-encoding']).toBe('gzip')
  })

  test('an empty body', async () => {
    const { url } = await startTestOrigin()
    expect((await sendChunked({ url, path: PATH, chunks: [], signed: true })).status).toBe(200)
    expect((await sendSigned({ url, path: PATH })).headers['content-length']).toBe('0')
  })

  const spoiled: readonly { what: string; request: Partial<ChunkedRequest>; code: string }[] = [
    {
      what: 'a changed byte',
      request: { spoil: (body) => body.replace('aaaa', 'aaab') },
      code: 'SignatureDoesNotMatch',
    },
    {
      what: 'a changed signature',
      request: { spoil: (body) => body.replace(/signature=[0-9a-f]/, 'signature=x') },
      code: 'InvalidRequest',
    },
    {
      what: 'a missing signature',
      request: { spoil: (body) => body.replace(/;chunk-signature=\w+/, '') },
      code: 'SignatureDoesNotMatch',
    },
    {
      what: 'a missing last chunk',
      request: { spoil: (body) => body.slice(0, body.indexOf('\r\n0;') + 2) },
      code: 'IncompleteBody',
    },
    { what: 'a cut chunk', request: { spoil: (body) => body.slice(0, 4000) }, code: 'IncompleteBody' },
    { what: 'a cut head', request: { spoil: (body) => body.slice(0, 20) }, code: 'IncompleteBody' },
    {
      what: 'no line break after a chunk',
      request: { spoil: (body) => body.replace('a\r\n', 'aX\r\n') },
      code: 'InvalidRequest',
    },
    { what: 'a head without end', request: { spoil: () => '0'.repeat(100_000) }, code: 'InvalidRequest' },
    { what: 'a greater length', request: { decodedLength: CONTENT.length + 1 }, code: 'IncompleteBody' },
    { what: 'a smaller length', request: { decodedLength: CONTENT.length - 1 }, code: 'IncompleteBody' },
    {
      what: 'a trailer that was not announced',
      request: { spoil: (body) => body.replace(/\r\n$/, 'a:b\r\n\r\n') },
      code: 'MalformedTrailerError',
    },
    {
      what: 'a changed trailer',
      request: { trailers: CRC32, spoil: (body) => body.replace('Xnd', 'Xne') },
      code: 'SignatureDoesNotMatch',
    },
    {
      what: 'a trailer of other bytes',
      request: { trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' } },
      code: 'BadDigest',
    },
    {
      what: 'a trailer that is no checksum',
      request: { trailers: { 'x-amz-checksum-crc32': 'hello' } },
      code: 'InvalidRequest',
    },
    {
      what: 'a trailer of an unknown kind',
      request: { trailers: { 'x-amz-meta-a': 'b' } },
      code: 'InvalidRequest',
    },
    {
      what: 'a missing trailer',
      request: { signed: false, trailers: CRC32, spoil: (body) => body.replace(/x-amz.*\r\n/, '') },
      code: 'MalformedTrailerError',
    },
  ]
  test.each(spoiled)('$what changes nothing', async ({ request, code }) => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    await sendSigned({ url, method: 'PUT', path: PATH, body: 'before' })
    const put = await sendChunked({ url, path: PATH, chunks: CHUNKS, signed: true, ...request })
    expect(put.code).toBe(code)
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('before')
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1)
    expect(readdirSync(join(directory, 'tmp'))).toHaveLength(0)
  })

  test('a stream of unknown rhythm by the SDK', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url)
    const pieces = [1, 70_000, 3, 2_000_000].map((length) => Buffer.alloc(length, length % 251))
    const all = Buffer.concat(pieces)
    await client.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: 's',
        Body: Readable.from(pieces),
        ContentLength: all.length,
      }),
    )
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 's' }))
    expect(all.equals(await bytesOf(got.Body))).toBe(true)
  })
})

const PLAIN: readonly { what: string; request: Partial<RawRequest>; code: string | undefined }[] = [
  { what: 'unsigned', request: { payload: 'UNSIGNED-PAYLOAD' }, code: undefined },
  { what: 'the hash of the bytes', request: {}, code: undefined },
  {
    what: 'the hash of other bytes',
    request: { payload: 'a'.repeat(64) },
    code: 'XAmzContentSHA256Mismatch',
  },
  { what: 'no hash', request: { payload: 'x' }, code: 'InvalidArgument' },
  {
    what: 'an unknown streaming form',
    request: { payload: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' },
    code: 'NotImplemented',
  },
  {
    what: 'chunks without a decoded length',
    request: { payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
    code: 'MissingContentLength',
  },
  {
    what: 'aws-chunked without chunks',
    request: { headers: { 'content-encoding': 'aws-chunked' } },
    code: 'InvalidRequest',
  },
  {
    what: 'no length',
    request: { headers: { 'transfer-encoding': 'chunked' } },
    code: 'MissingContentLength',
  },
]

describe('a plain body', () => {
  test.each(PLAIN)('$what', async ({ request, code }) => {
    const { url } = await startTestOrigin()
    expect((await put(url, request)).code).toBe(code)
    expect((await sendSigned({ url, path: PATH })).status).toBe(code === undefined ? 200 : 404)
  })

  test('over 5 GiB is refused by its announced length alone', async () => {
    const { url } = await startTestOrigin()
    const answer = await sendChunked({
      url,
      path: PATH,
      chunks: ['a'],
      signed: true,
      decodedLength: 5 * 1024 ** 3 + 1,
    })
    expect(answer.code).toBe('EntityTooLarge')
  })
})

const CHECKSUMS: readonly [header: string, value: string][] = [
  ['content-md5', 'JfnnlDI7RTiF9RgfG2JNCw=='],
  ['x-amz-checksum-crc32', 'y/Q5Jg=='],
  ['x-amz-checksum-crc32c', '4waSgw=='],
  ['x-amz-checksum-crc64nvme', 'rosUhgp5mIg='],
  ['x-amz-checksum-sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
  ['x-amz-checksum-sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
]

describe('a checksum', () => {
  test.each(CHECKSUMS)(
    '%s is verified; those of x-amz-checksum are returned when asked for',
    async (header, value) => {
      const { url } = await startTestOrigin()
      const body = '123456789'
      expect((await put(url, { body, headers: { [header]: value } })).code).toBeUndefined()
      const asked = await sendSigned({ url, path: PATH, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
      expect(asked.headers[header]).toBe(header === 'content-md5' ? undefined : value)
      expect((await sendSigned({ url, path: PATH })).headers[header]).toBeUndefined()
      expect((await put(url, { body: '12345678X', headers: { [header]: value } })).code).toBe('BadDigest')
      expect((await sendSigned({ url, path: PATH })).body.toString()).toBe(body)
    },
  )

  const malformed: readonly { headers: Record<string, string>; code: string }[] = [
    { headers: { 'content-md5': 'xx' }, code: 'InvalidDigest' },
    { headers: { 'x-amz-checksum-crc32': 'xx' }, code: 'InvalidRequest' },
    { headers: { 'x-amz-checksum-md4': 'xx' }, code: 'InvalidRequest' },
    {
      headers: { 'x-amz-checksum-crc32': 'y/Q5Jg==', 'x-amz-checksum-crc32c': '4waSgw==' },
      code: 'InvalidRequest',
    },
    { headers: { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, code: 'InvalidRequest' },
  ]
  test.each(malformed)('malformed: $headers', async ({ headers, code }) => {
    const { url } = await startTestOrigin()
    expect((await put(url, { headers })).code).toBe(code)
  })

  test('of every algorithm that the SDK computes', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url)
    const content = Buffer.alloc(100_001, 'x')
    for (const algorithm of ['CRC32', 'SHA1', 'SHA256', 'CRC64NVME', 'CRC32C'] as const) {
      const put = new PutObjectCommand({
        Bucket: BUCKET,
        Key: algorithm,
        Body: content,
        ChecksumAlgorithm: algorithm,
      })
      const stored = await client.send(put)
      const got = await client.send(
        new GetObjectCommand({ Bucket: BUCKET, Key: algorithm, ChecksumMode: 'ENABLED' }),
      )
      expect(content.equals(await bytesOf(got.Body))).toBe(true)
      expect(got[`Checksum${algorithm}`]).toBe(stored[`Checksum${algorithm}`])
      expect(got[`Checksum${algorithm}`]).toBeTypeOf('string')
    }
  })
})

async function put(url: string, request: Partial<RawRequest>): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: PATH, body: '123456789', ...request })
}

async function bytesOf(
  body: { transformToByteArray: () => Promise<Uint8Array> } | undefined,
): Promise<Uint8Array> {
  return (await body?.transformToByteArray()) ?? new Uint8Array()
}
