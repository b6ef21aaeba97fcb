import { describe, expect, test } from 'vitest'
import type { Origin } from '../../../origin/create-origin.ts'
import { type RawAnswer, sendSigned } from '../signed-request.ts'
import { BUCKET, startTestOrigin } from '../start-test-origin.ts'
import {
  abort,
  begin,
  complete,
  copyPart,
  get,
  type Named,
  put,
  sendPart,
  sendParts,
} from './upload-steps.ts'

const CRC32 = 'y/Q5Jg=='
const OTHER_CRC32 = 'AAAAAA=='
const DIGITS = '123456789'
type Headers = Readonly<Record<string, string>>

describe('a beginning is refused', () => {
  const rows: readonly [headers: Headers, code: string][] = [
    [{ 'x-amz-checksum-algorithm': 'MD5' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'SHA1', 'x-amz-checksum-type': 'FULL_OBJECT' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'ANY' }, 'InvalidRequest'],
    [{ 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
    [{ 'x-amz-meta-a': 'x'.repeat(3000) }, 'MetadataTooLarge'],
  ]
  test.each(rows)('%j: %s', async (headers, code) => {
    const { url } = await startTestOrigin()
    const answer = await sendSigned({
      url,
      method: 'POST',
      path: `/${BUCKET}/a`,
      query: { uploads: '' },
      headers,
    })
    expect(answer.code).toBe(code)
    expect((await listUploads(url)).body.toString()).not.toContain('<Upload>')
  })
})

describe('a part is refused', () => {
  const rows: readonly [what: string, number: string, headers: Headers, code: string][] = [
    ['number 0', '0', {}, 'InvalidArgument'],
    ['number 10001', '10001', {}, 'InvalidArgument'],
    ['no number', 'x', {}, 'InvalidArgument'],
    ['wrong MD5', '1', { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, 'BadDigest'],
    ['wrong checksum', '1', { 'x-amz-checksum-crc32': OTHER_CRC32 }, 'BadDigest'],
  ]
  test.each(rows)('%s', async (_what, number, headers, code) => {
    const { url } = await startTestOrigin()
    const upload = await begin(url, 'a')
    expect((await sendPart(upload, number, DIGITS, headers)).code).toBe(code)
    expect((await listParts(upload)).body.toString()).not.toContain('<Part>')
  })

  test('without the checksum that was agreed, and with another', async () => {
    const { url } = await startTestOrigin()
    const upload = await begin(url, 'a', { 'x-amz-checksum-algorithm': 'SHA256' })
    expect((await sendPart(upload, 1, DIGITS)).code).toBe('InvalidRequest')
    expect((await sendPart(upload, 1, DIGITS, { 'x-amz-checksum-crc32': CRC32 })).code).toBe('InvalidRequest')
  })

  const strangers: readonly string[] = ['', 'x', '../../meta', '../uploads', '__proto__', '0'.repeat(44)]
  test.each(strangers)('of the upload %j', async (id) => {
    const { url } = await startTestOrigin()
    const upload = { url, key: 'a', id }
    expect((await sendPart(upload, 1, DIGITS)).code).toBe('NoSuchUpload')
    expect((await complete(upload, [{ number: 1, etag: '"x"' }])).code).toBe('NoSuchUpload')
    expect((await listParts(upload)).code).toBe('NoSuchUpload')
    expect((await abort(upload)).code).toBe('NoSuchUpload')
  })

  test('of an upload to another key, or to a bucket that is not there', async () => {
    const { url } = await startTestOrigin()
    const upload = await begin(url, 'a')
    expect((await sendPart({ ...upload, key: 'b' }, 1, DIGITS)).code).toBe('NoSuchUpload')
    expect((await abort({ ...upload, key: 'b' })).code).toBe('NoSuchUpload')
    const query = { partNumber: '1', uploadId: upload.id }
    const elsewhere = await sendSigned({ url, method: 'PUT', path: '/elsewhere/a', query, body: DIGITS })
    expect(elsewhere.code).toBe('NoSuchBucket')
  })
})

describe('a copied part is refused', () => {
  const rows: readonly [headers: Headers, code: string][] = [
    [{ 'x-amz-copy-source': `${BUCKET}/nothing` }, 'NoSuchKey'],
    [{ 'x-amz-copy-source': 'nowhere/source' }, 'NoSuchBucket'],
    [{ 'x-amz-copy-source-range': 'bytes=0-9' }, 'InvalidArgument'],
    [{ 'x-amz-copy-source-range': 'bytes=5-4' }, 'InvalidArgument'],
    [{ 'x-amz-copy-source-range': 'bytes=-4' }, 'InvalidArgument'],
    [{ 'x-amz-copy-source-range': 'bytes=4-' }, 'InvalidArgument'],
    [{ 'x-amz-copy-source-if-match': '"x"' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-none-match': '*' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-modified-since': 'Wed, 21 Oct 2037 07:28:00 GMT' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-unmodified-since': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 'PreconditionFailed'],
  ]
  test.each(rows)('%j: %s', async (headers, code) => {
    const { url } = await startTestOrigin()
    await put(url, 'source', DIGITS)
    const upload = await begin(url, 'a')
    const answer = await copyPart(upload, 1, { 'x-amz-copy-source': `${BUCKET}/source`, ...headers })
    expect(answer.code).toBe(code)
  })

  test('but not when its conditions hold; it brings the checksum that was agreed', async () => {
    const { url } = await startTestOrigin()
    const { headers } = await put(url, 'source', DIGITS)
    const upload = await begin(url, 'a', { 'x-amz-checksum-algorithm': 'CRC32' })
    const answer = await copyPart(upload, 1, {
      'x-amz-copy-source': `/${BUCKET}/source`,
      'x-amz-copy-source-if-match': headers.etag ?? '',
    })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toContain(`<ChecksumCRC32>${CRC32}</ChecksumCRC32>`)
  })
})

/** Completions of an upload with the parts 1, 2 and 3, of which 2 is too short to be followed by another. */
const COMPLETIONS: readonly {
  what: string
  name: (parts: readonly Named[]) => readonly Named[] | string
  headers?: Headers
  code: string
}[] = [
  { what: 'no document', name: () => '', code: 'MalformedXML' },
  { what: 'another document', name: () => '<Delete/>', code: 'MalformedXML' },
  { what: 'no part', name: () => '<CompleteMultipartUpload/>', code: 'MalformedXML' },
  {
    what: 'a part without an ETag',
    name: () => '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>',
    code: 'MalformedXML',
  },
  { what: 'the wrong order', name: ([one, two]) => compact([two, one]), code: 'InvalidPartOrder' },
  { what: 'a part twice', name: ([one]) => compact([one, one]), code: 'InvalidPartOrder' },
  { what: 'an unknown part', name: () => [{ number: 4, etag: '"x"' }], code: 'InvalidPart' },
  { what: 'another ETag', name: () => [{ number: 1, etag: '"x"' }], code: 'InvalidPart' },
  { what: 'a short part in the middle', name: (parts) => parts, code: 'EntityTooSmall' },
  {
    what: 'another checksum of a part',
    name: ([one]) => compact([one && { ...one, more: `<ChecksumCRC32>${CRC32}</ChecksumCRC32>` }]),
    code: 'InvalidPart',
  },
  {
    what: 'another size',
    name: ([one]) => compact([one]),
    headers: { 'x-amz-mp-object-size': '1' },
    code: 'InvalidRequest',
  },
  {
    what: 'a checksum that the parts do not bring',
    name: ([one]) => compact([one]),
    headers: { 'x-amz-checksum-crc32': CRC32 },
    code: 'InvalidRequest',
  },
  {
    what: 'another type of checksum',
    name: ([one]) => compact([one]),
    headers: { 'x-amz-checksum-type': 'COMPOSITE' },
    code: 'InvalidRequest',
  },
  {
    what: 'a condition that does not hold',
    name: ([one]) => compact([one]),
    headers: { 'if-match': '"x"' },
    code: 'PreconditionFailed',
  },
  {
    what: 'a key that is to be new and is not',
    name: ([one]) => compact([one]),
    headers: { 'if-none-match': '*' },
    code: 'PreconditionFailed',
  },
]

describe('a completion is refused, and can be mended', () => {
  test.each(COMPLETIONS)('$what: $code', async ({ name, headers, code }) => {
    const { url } = await startSmall()
    await put(url, 'a', 'before')
    const upload = await begin(url, 'a')
    const parts = await sendParts(upload, ['12345', '1', '12345'])
    expect((await complete(upload, name(parts), headers)).code).toBe(code)
    expect((await get(url, 'a')).body.toString()).toBe('before')
    expect((await complete(upload, parts.slice(0, 2))).status).toBe(200)
    expect((await get(url, 'a')).body.toString()).toBe('123451')
  })

  test('when composite checksums were agreed and are not named', async () => {
    const { url } = await startSmall()
    const upload = await begin(url, 'a', { 'x-amz-checksum-algorithm': 'CRC32' })
    const { headers } = await sendPart(upload, 1, DIGITS, { 'x-amz-checksum-crc32': CRC32 })
    const part = { number: 1, etag: headers.etag ?? '' }
    expect((await complete(upload, [part])).code).toBe('InvalidRequest')
    const more = `<ChecksumCRC32>${CRC32}</ChecksumCRC32>`
    expect((await complete(upload, [{ ...part, more }])).status).toBe(200)
  })

  test('If-Match on a key that is not there is 404', async () => {
    const { url } = await startSmall()
    const upload = await begin(url, 'a')
    const parts = await sendParts(upload, ['body'])
    expect((await complete(upload, parts, { 'if-match': '"x"' })).code).toBe('NoSuchKey')
    expect((await complete(upload, parts, { 'if-none-match': '*' })).status).toBe(200)
  })
})

test('all parts but the last are of at least 5 MiB', async () => {
  const { url } = await startTestOrigin()
  const upload = await begin(url, 'a')
  const parts = await sendParts(upload, [Buffer.alloc(5 * 1024 * 1024 - 1), 'end'])
  const answer = await complete(upload, parts)
  expect(answer.code).toBe('EntityTooSmall')
  expect(answer.body.toString()).toContain('<MinSizeAllowed>5242880</MinSizeAllowed>')
})

test('listings refuse numbers that are none', async () => {
  const { url } = await startTestOrigin()
  const upload = await begin(url, 'a')
  expect((await listParts(upload, { 'max-parts': '-1' })).code).toBe('InvalidArgument')
  expect((await listParts(upload, { 'part-number-marker': 'x' })).code).toBe('InvalidArgument')
  expect((await listUploads(url, { 'max-uploads': 'x' })).code).toBe('InvalidArgument')
  expect((await listUploads(url, { 'encoding-type': 'x' })).code).toBe('InvalidArgument')
  expect((await listUploads(url, { 'list-type': '2' })).code).toBe('NotImplemented')
})

async function startSmall(): Promise<Origin> {
  return startTestOrigin({ minPartBytes: 5 })
}

async function listParts(
  { url, key, id }: { url: string; key: string; id: string },
  query: Headers = {},
): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}/${key}`, query: { uploadId: id, ...query } })
}

async function listUploads(url: string, query: Headers = {}): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}`, query: { uploads: '', ...query } })
}

function compact(parts: readonly (Named | undefined)[]): Named[] {
  return parts.filter((part) => part !== undefined)
}
