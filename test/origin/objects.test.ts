import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type RawAnswer, type RawRequest, send, sendSigned, signRequest } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`
const STORED = {
  'content-type': 'image/webp',
  'cache-control': 'public, max-age=60',
  'content-disposition': 'attachment; filename="x"',
  'content-encoding': 'br',
  'content-language': 'de',
  expires: 'Wed, 21 Oct 2037 07:28:00 GMT',
  'x-amz-meta-halftone': '1',
  'x-amz-meta-__proto__': 'yes',
  // The last one ends with the byte 0xA0, a blank in Latin-1.
  'x-amz-meta-odd': 'grüß 世界 綠',
}

describe('what is stored with an object comes back', () => {
  test('headers and metadata, on GET, HEAD and 304', async () => {
    const { url } = await startTestOrigin()
    expect((await put(url, 'body', STORED)).status).toBe(200)
    for (const method of ['GET', 'HEAD']) {
      const got = await sendSigned({ url, method, path: PATH })
      expect(got.status).toBe(200)
      expect(got.headers).toMatchObject({ ...STORED, 'content-length': '4', 'accept-ranges': 'bytes' })
      expect(got.body.toString()).toBe(method === 'GET' ? 'body' : '')
      const { etag = '' } = got.headers
      const unchanged = await sendSigned({ url, method, path: PATH, headers: { 'if-none-match': etag } })
      expect(unchanged.status).toBe(304)
      expect(unchanged.headers).toMatchObject({
        etag,
        'cache-control': STORED['cache-control'],
        'last-modified': got.headers['last-modified'],
      })
      expect(unchanged.headers['content-length']).toBeUndefined()
    }
  })

  test('a type is made up when there is none', async () => {
    const { url } = await startTestOrigin()
    await put(url, '')
    expect((await sendSigned({ url, path: PATH })).headers['content-type']).toBe('binary/octet-stream')
  })

  test('response-* parameters replace headers; control characters are refused', async () => {
    const { url } = await startTestOrigin()
    await put(url, 'body', STORED)
    const query = {
      'response-content-type': 'text/plain',
      'response-content-disposition': 'inline; filename="ü"',
    }
    const got = await sendSigned({ url, path: PATH, query })
    expect(got.headers['content-type']).toBe('text/plain')
    expect(got.headers['content-disposition']).toBe('inline; filename="ü"')
    expect(got.headers['content-language']).toBe('de')
    const split = await sendSigned({ url, path: PATH, query: { 'response-expires': 'x\r\nset-cookie: y' } })
    expect(split.code).toBe('InvalidArgument')
  })

  test('more than 2 KB of metadata is refused', async () => {
    const { url } = await startTestOrigin()
    expect((await put(url, '', { 'x-amz-meta-a': 'x'.repeat(2048) })).code).toBe('MetadataTooLarge')
    expect((await put(url, '', { 'x-amz-meta-a': 'x'.repeat(2047) })).status).toBe(200)
  })
})

const RANGES: readonly [header: string, status: number, body: string, contentRange?: string][] = [
  ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
  ['bytes=3-', 206, '3456789', 'bytes 3-9/10'],
  ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
  ['bytes=-5', 206, '56789', 'bytes 5-9/10'],
  ['bytes=-50', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=10-', 416, 'InvalidRange', 'bytes */10'],
  ['bytes=-0', 416, 'InvalidRange', 'bytes */10'],
  ['bytes=5-2', 200, '0123456789'],
  ['bytes=-', 200, '0123456789'],
  ['bytes=0-1,3-4', 200, '0123456789'],
  ['items=0-1', 200, '0123456789'],
]

describe('a range', () => {
  test.each(RANGES)('%s', async (range, status, body, contentRange) => {
    const { url } = await startTestOrigin()
    await put(url, '0123456789')
    const got = await sendSigned({ url, path: PATH, headers: { range, 'x-amz-checksum-mode': 'ENABLED' } })
    expect(got.status).toBe(status)
    expect(got.headers['content-range']).toBe(contentRange)
    expect(got.code ?? got.body.toString()).toBe(body)
  })

  test.each(['bytes=0-', 'bytes=-5'])('%s of nothing is 416', async (range) => {
    const { url } = await startTestOrigin()
    await put(url, '')
    const got = await sendSigned({ url, path: PATH, headers: { range } })
    expect({ status: got.status, contentRange: got.headers['content-range'] }).toEqual({
      status: 416,
      contentRange: 'bytes */0',
    })
  })

  test('with If-Range only while the object is the same', async () => {
    const { url } = await startTestOrigin()
    const { headers: stored } = await put(url, '0123456789')
    const head = await sendSigned({ url, method: 'HEAD', path: PATH })
    const status = async (ifRange: string): Promise<number> =>
      (await sendSigned({ url, path: PATH, headers: { range: 'bytes=0-1', 'if-range': ifRange } })).status
    expect(await status(stored.etag ?? '')).toBe(206)
    expect(await status('"other"')).toBe(200)
    expect(await status(head.headers['last-modified'] ?? '')).toBe(206)
    expect(await status('Wed, 21 Oct 2015 07:28:00 GMT')).toBe(200)
  })

  test('of an object that is streamed', async () => {
    const { url } = await startTestOrigin()
    const content = Buffer.alloc(3_000_000, 'abcdefghijk')
    await put(url, content)
    const got = await sendSigned({ url, path: PATH, headers: { range: 'bytes=1000-2900000' } })
    expect(got.body.equals(content.subarray(1000, 2_900_001))).toBe(true)
  })
})

describe('a copy', () => {
  test('keeps the headers, or takes new ones; the source may be removed after it', async () => {
    const client = await clientWithSource()
    await copy(client, { Key: 'kept' })
    await copy(client, {
      Key: 'new',
      MetadataDirective: 'REPLACE',
      ContentType: 'text/plain',
      Metadata: { b: '2' },
    })
    await client.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: 'ä/source +1' }] } }),
    )
    const kept = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept' }))
    expect({
      type: kept.ContentType,
      metadata: kept.Metadata,
      body: await kept.Body?.transformToString(),
    }).toEqual({
      type: 'image/png',
      metadata: { a: '1' },
      body: 'source',
    })
    const replaced = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'new' }))
    expect([replaced.ContentType, replaced.Metadata]).toEqual(['text/plain', { b: '2' }])
  })

  test('onto itself changes the headers, and is refused without new ones', async () => {
    const client = await clientWithSource()
    await expect(copy(client, { Key: 'ä/source +1' })).rejects.toMatchObject({ name: 'InvalidRequest' })
    await copy(client, { Key: 'ä/source +1', MetadataDirective: 'REPLACE', Metadata: { c: '3' } })
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'ä/source +1' }))
    expect([got.Metadata, await got.Body?.transformToString()]).toEqual([{ c: '3' }, 'source'])
  })

  const refusals: readonly { what: string; input: Partial<CopyInput>; name: string }[] = [
    { what: 'If-Match', input: { CopySourceIfMatch: '"x"' }, name: 'PreconditionFailed' },
    { what: 'If-None-Match', input: { CopySourceIfNoneMatch: '*' }, name: 'PreconditionFailed' },
    {
      what: 'If-Modified-Since',
      input: { CopySourceIfModifiedSince: new Date(Date.now() + 60_000) },
      name: 'PreconditionFailed',
    },
    {
      what: 'If-Unmodified-Since',
      input: { CopySourceIfUnmodifiedSince: new Date(0) },
      name: 'PreconditionFailed',
    },
    {
      what: 'destination If-None-Match',
      input: { Key: 'there', IfNoneMatch: '*' },
      name: 'PreconditionFailed',
    },
    { what: 'destination If-Match', input: { IfMatch: '"x"' }, name: 'NoSuchKey' },
    { what: 'missing source', input: { CopySource: `${BUCKET}/nothing` }, name: 'NoSuchKey' },
    { what: 'missing bucket', input: { CopySource: 'no-such-bucket/a' }, name: 'NoSuchBucket' },
    { what: 'a source that is none', input: { CopySource: 'x' }, name: 'InvalidArgument' },
    { what: 'a source badly encoded', input: { CopySource: `${BUCKET}/%ff` }, name: 'InvalidArgument' },
    { what: 'a version', input: { CopySource: `${BUCKET}/there?versionId=1` }, name: 'NotImplemented' },
  ]
  test.each(refusals)('refused: $what', async ({ input, name }) => {
    const client = await clientWithSource()
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'there', Body: 'there' }))
    await expect(copy(client, input)).rejects.toMatchObject({ name })
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
    expect(Contents?.map(({ Key }) => Key)).toEqual(['there', 'ä/source +1'])
  })
})

describe('DeleteObjects', () => {
  test('answers for each key, or only for what failed', async () => {
    const client = await clientWithSource()
    const Objects = [{ Key: 'ä/source +1', ETag: '"x"' }, { Key: 'not there' }, { Key: '\n&<>"\'\u0001 ' }]
    const loud = await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
    expect(loud.Errors).toMatchObject([{ Key: 'ä/source +1', Code: 'PreconditionFailed' }])
    expect(loud.Deleted?.map(({ Key }) => Key)).toEqual(['not there', '\n&<>"\'\u0001 '])
    const quiet = await client.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects, Quiet: true } }),
    )
    expect([quiet.Deleted, quiet.Errors?.length]).toEqual([undefined, 1])
  })

  const documents: readonly {
    what: string
    body: string
    headers?: Record<string, string>
    code: string | undefined
  }[] = [
    {
      what: 'no digest',
      body: '<Delete><Object><Key>a</Key></Object></Delete>',
      headers: {},
      code: 'InvalidRequest',
    },
    { what: 'no XML', body: 'hello', code: 'MalformedXML' },
    { what: 'no body', body: '', code: 'MalformedXML' },
    { what: 'another root', body: '<Remove/>', code: 'MalformedXML' },
    {
      what: 'a key that XML cannot say',
      body: '<Delete><Object><Key>a&#1;</Key></Object></Delete>',
      code: 'MalformedXML',
    },
    { what: 'no object', body: '<Delete></Delete>', code: 'MalformedXML' },
    { what: 'no key', body: '<Delete><Object></Object></Delete>', code: 'MalformedXML' },
    {
      what: 'a key with children',
      body: '<Delete><Object><Key><a/></Key></Object></Delete>',
      code: 'MalformedXML',
    },
    { what: 'a reserved name', body: '<Delete><__proto__/></Delete>', code: 'MalformedXML' },
    {
      what: 'too many',
      body: `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`,
      code: 'MalformedXML',
    },
    {
      what: 'a condition unknown here',
      body: '<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>',
      code: 'NotImplemented',
    },
    {
      what: 'a version',
      body: '<Delete><Object><Key>a</Key><VersionId>1</VersionId></Object></Delete>',
      code: 'NotImplemented',
    },
    { what: 'one key', body: '<Delete><Object><Key>a</Key></Object></Delete>', code: undefined },
  ]
  test.each(documents)('$what', async ({ body, headers, code }) => {
    const { url } = await startTestOrigin()
    const md5 = (await import('node:crypto')).createHash('md5').update(body).digest('base64')
    const request = {
      url,
      method: 'POST',
      path: `/${BUCKET}`,
      query: { delete: '' },
      body,
      headers: headers ?? { 'content-md5': md5 },
    }
    expect((await sendSigned(request)).code).toBe(code)
  })
})

const UNKNOWN: readonly [method: string, path: string, query: Record<string, string>][] = [
  ['PUT', PATH, { acl: '' }],
  ['PUT', PATH, { partNumber: '1' }],
  ['PUT', PATH, { partNumber: '1', uploadId: 'x', acl: '' }],
  ['POST', PATH, { restore: '' }],
  ['GET', PATH, { partNumber: '1' }],
  ['GET', PATH, { versionId: 'x' }],
  ['GET', PATH, { 'no-such-thing': '' }],
  ['GET', PATH, { 'x-amz-meta-a': 'b' }],
  ['DELETE', PATH, { versionId: 'x', tagging: '' }],
  ['DELETE', `/${BUCKET}`, { website: '' }],
  ['PUT', `/${BUCKET}`, { versioning: '' }],
  ['GET', `/${BUCKET}`, { versions: '' }],
  ['POST', `/${BUCKET}`, {}],
]

describe('what is not implemented', () => {
  test.each(UNKNOWN)('%s %s %j is 501 and changes nothing', async (method, path, query) => {
    const { url } = await startTestOrigin()
    await put(url, 'body')
    const answer = await sendSigned({
      url,
      method,
      path,
      query,
      body: method.startsWith('P') ? '<Tagging/>' : '',
    })
    expect({ status: answer.status, code: answer.code }).toEqual({ status: 501, code: 'NotImplemented' })
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('body')
  })

  test.each([
    'x-amz-tagging-directive',
    'x-amz-server-side-encryption',
    'x-amz-acl',
    'x-amz-object-lock-mode',
  ])('%s', async (name) => {
    const { url } = await startTestOrigin()
    expect((await put(url, 'body', { [name]: 'public-read' })).code).toBe('NotImplemented')
    expect((await sendSigned({ url, path: PATH })).code).toBe('NoSuchKey')
  })

  test('other methods are 405, other targets 400', async () => {
    const { url } = await startTestOrigin()
    expect((await sendSigned({ url, method: 'PATCH', path: PATH })).code).toBe('MethodNotAllowed')
    for (const path of [`/${BUCKET}/%ff`, `/${BUCKET}/%zz`, 'http://x/y', '/a?%ff=1']) {
      expect((await send({ ...(await signRequest({ url, path: PATH })), path })).code).toBe('InvalidURI')
    }
    expect((await send({ ...(await signRequest({ url, path: PATH })), path: '/a?b=1&b=2' })).code).toBe(
      'InvalidArgument',
    )
  })
})

type CopyInput = ConstructorParameters<typeof CopyObjectCommand>[0]

async function put(
  url: string,
  body: string | Buffer,
  headers: RawRequest['headers'] = {},
): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: PATH, body, headers })
}

async function copy(client: S3Client, input: Partial<CopyInput>): Promise<unknown> {
  const CopySource = `${BUCKET}/${encodeURIComponent('ä/source +1')}`
  return client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy', CopySource, ...input }))
}

async function clientWithSource(): Promise<S3Client> {
  const { url } = await startTestOrigin()
  const client = createClient(url)
  const source = {
    Bucket: BUCKET,
    Key: 'ä/source +1',
    Body: 'source',
    ContentType: 'image/png',
    Metadata: { a: '1' },
  }
  await client.send(new PutObjectCommand(source))
  return client
}
