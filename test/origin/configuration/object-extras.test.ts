import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  type Tag,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { presign, type RawAnswer, send, sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const AT = { Bucket: BUCKET, Key: 'a' }
const PATH = `/${BUCKET}/a`

async function tagsOf(client: S3Client, Key = 'a'): Promise<Tag[] | undefined> {
  return (await client.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key }))).TagSet
}

function tags(...pairs: [string, string][]): Tag[] {
  return pairs.map(([Key, Value]) => ({ Key, Value }))
}

async function clientWithObject(tagging?: string): Promise<{ url: string; client: S3Client }> {
  const { url } = await startTestOrigin()
  const client = createClient(url)
  await client.send(new PutObjectCommand({ ...AT, Body: 'body', Tagging: tagging }))
  return { url, client }
}

describe('tags', () => {
  test('are put, counted, replaced and removed; the object stays as it was; a restart keeps them', async () => {
    const directory = temporaryDirectory()
    let time = Date.now()
    const first = await startTestOrigin({ directory, now: () => time })
    const client = createClient(first.url)
    await client.send(new PutObjectCommand({ ...AT, Body: 'body' }))
    const before = await client.send(new HeadObjectCommand(AT))
    expect([before.TagCount, await tagsOf(client)]).toEqual([undefined, []])
    time += 5000
    const odd = tags(['__proto__', ''], ['Größe + = . _ : / @ -', 'x y'])
    await client.send(new PutObjectTaggingCommand({ ...AT, Tagging: { TagSet: odd } }))
    await first.close()

    const { url } = await startTestOrigin({ directory })
    const again = createClient(url)
    expect(await tagsOf(again)).toEqual(odd)
    const after = await again.send(new HeadObjectCommand(AT))
    expect([after.TagCount, after.ETag, after.LastModified]).toEqual([2, before.ETag, before.LastModified])
    const got = await sendSigned({ url, path: PATH })
    expect([got.body.toString(), got.headers['x-amz-tagging-count']]).toEqual(['body', '2'])
    await again.send(new DeleteObjectTaggingCommand(AT))
    expect([await tagsOf(again), (await again.send(new HeadObjectCommand(AT))).TagCount]).toEqual([
      [],
      undefined,
    ])
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('body')
  })

  test('come with a PUT, presigned too, and go with the next', async () => {
    const { url, client } = await clientWithObject('a=b&c=&d&e%2Bf=g+h%20i')
    expect(await tagsOf(client)).toEqual(tags(['a', 'b'], ['c', ''], ['d', ''], ['e+f', 'g h i']))
    await client.send(new PutObjectCommand({ ...AT, Body: 'next' }))
    expect(await tagsOf(client)).toEqual([])
    const raw = { url, method: 'PUT', path: PATH, body: 'x', payload: 'UNSIGNED-PAYLOAD' }
    expect((await send(await presign({ ...raw, query: { 'x-amz-tagging': 'k=v' } }))).status).toBe(200)
    expect(await tagsOf(client)).toEqual(tags(['k', 'v']))
  })

  test('are copied, or replaced, or left behind', async () => {
    const { url, client } = await clientWithObject('a=b')
    const copy = { Bucket: BUCKET, CopySource: `${BUCKET}/a` }
    await client.send(new CopyObjectCommand({ ...copy, Key: 'kept' }))
    await client.send(new CopyObjectCommand({ ...copy, Key: 'not-asked', Tagging: 'x=y' }))
    await client.send(
      new CopyObjectCommand({ ...copy, Key: 'replaced', TaggingDirective: 'REPLACE', Tagging: 'x=y' }),
    )
    await client.send(new CopyObjectCommand({ ...copy, Key: 'bare', TaggingDirective: 'REPLACE' }))
    expect(
      await Promise.all(['kept', 'not-asked', 'replaced', 'bare'].map((key) => tagsOf(client, key))),
    ).toEqual([tags(['a', 'b']), tags(['a', 'b']), tags(['x', 'y']), []])
    const headers = { 'x-amz-copy-source': `${BUCKET}/a`, 'x-amz-tagging-directive': 'MOVE' }
    const odd = await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/odd`, headers })
    expect(odd.code).toBe('InvalidArgument')
  })

  test('of an object that is not there', async () => {
    const { client } = await clientWithObject()
    const nowhere = { Bucket: BUCKET, Key: 'nowhere' }
    const refusal = { name: 'NoSuchKey' }
    await expect(client.send(new GetObjectTaggingCommand(nowhere))).rejects.toMatchObject(refusal)
    await expect(client.send(new DeleteObjectTaggingCommand(nowhere))).rejects.toMatchObject(refusal)
    const put = new PutObjectTaggingCommand({ ...nowhere, Tagging: { TagSet: tags(['a', 'b']) } })
    await expect(client.send(put)).rejects.toMatchObject(refusal)
  })

  test('a change of tags and a change of the object do not lose each other', async () => {
    const { url, client } = await clientWithObject()
    for (let round = 0; round < 10; round += 1) {
      const tagging = { TagSet: tags(['round', String(round)]) }
      await Promise.all([
        client.send(new PutObjectTaggingCommand({ ...AT, Tagging: tagging })),
        client.send(new PutObjectCommand({ ...AT, Body: `body ${round}` })),
      ])
      // Whichever came last: the body is the new one, and tags are those of the round or none.
      expect((await sendSigned({ url, path: PATH })).body.toString()).toBe(`body ${round}`)
      expect([[], tagging.TagSet]).toContainEqual(await tagsOf(client))
    }
  })

  const set = (...inner: string[]): string => `<Tagging><TagSet>${inner.join('')}</TagSet></Tagging>`
  const tag = (key: string, value = ''): string => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`
  const numbered = Array.from({ length: 11 }, (_, index) => String(index))
  const documents: readonly [what: string, document: string, code: string | undefined][] = [
    ['ten', set(...numbered.slice(1).map((key) => tag(key))), undefined],
    ['eleven', set(...numbered.map((key) => tag(key))), 'BadRequest'],
    ['none', set(), undefined],
    ['the longest', set(tag('ä'.repeat(128), 'ö'.repeat(256))), undefined],
    ['a key of 129', set(tag('x'.repeat(129))), 'InvalidTag'],
    ['a value of 257', set(tag('x', 'x'.repeat(257))), 'InvalidTag'],
    ['an empty key', set(tag('')), 'InvalidTag'],
    ['an ampersand', set(tag('a', 'b&amp;c')), 'InvalidTag'],
    ['a line break', set(tag('a', 'b&#10;c')), 'InvalidTag'],
    ['a reserved key', set(tag('aws:x')), 'InvalidTag'],
    ['a key twice', set(tag('a'), tag('a', 'b')), 'InvalidTag'],
    ['no value', set('<Tag><Key>a</Key></Tag>'), 'MalformedXML'],
    ['an unknown element', set('<Tag><Key>a</Key><Value/><Colour/></Tag>'), 'MalformedXML'],
    ['no set', '<Tagging/>', 'MalformedXML'],
    ['two sets', '<Tagging><TagSet/><TagSet/></Tagging>', 'MalformedXML'],
    ['nothing', '', 'MalformedXML'],
    ['too many bytes', set(tag('a'), ' '.repeat(128 * 1024)), 'MalformedXML'],
  ]
  test.each(documents)('a document with %s', async (_what, body, code) => {
    const { url, client } = await clientWithObject('old=tag')
    const answer = await sendSigned({ url, method: 'PUT', path: PATH, query: { tagging: '' }, body })
    expect([answer.status === 200, answer.code]).toEqual([code === undefined, code])
    const isOld = JSON.stringify(await tagsOf(client)) === JSON.stringify(tags(['old', 'tag']))
    expect(isOld).toBe(code !== undefined)
  })

  test.each([
    ['a=b&a=c', 'InvalidArgument'],
    ['a=%zz', 'InvalidArgument'],
    ['=b', 'InvalidTag'],
    ['a=b%26', 'InvalidTag'],
    ['aws:a=b', 'InvalidTag'],
    [numbered.map((key) => `${key}=`).join('&'), 'BadRequest'],
  ])('a header %s is refused, and the object not stored', async (header, code) => {
    const { url } = await startTestOrigin()
    const headers = { 'x-amz-tagging': header }
    expect((await sendSigned({ url, method: 'PUT', path: PATH, body: 'x', headers })).code).toBe(code)
    expect((await sendSigned({ url, path: PATH })).code).toBe('NoSuchKey')
  })

  test('a header on what has no tags is refused', async () => {
    const { url } = await startTestOrigin()
    const headers = { 'x-amz-tagging': 'a=b' }
    expect((await sendSigned({ url, method: 'PUT', path: '/tagged', headers })).code).toBe('NotImplemented')
  })
})

describe('attributes', () => {
  const ask = (url: string, header?: string, more = {}): Promise<RawAnswer> =>
    sendSigned({
      url,
      path: PATH,
      query: { attributes: '' },
      headers: { ...(header !== undefined && { 'x-amz-object-attributes': header }), ...more },
    })

  test('all that are asked for, and no others', async () => {
    const { url, client } = await clientWithObject()
    const all = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
    const every = await client.send(new GetObjectAttributesCommand({ ...AT, ObjectAttributes: [...all] }))
    expect(every).toMatchObject({
      ETag: '841a2d689ad86bd1611447453c22c6fc',
      Checksum: { ChecksumType: 'FULL_OBJECT' },
      StorageClass: 'STANDARD',
      ObjectSize: 4,
    })
    expect([every.ObjectParts, every.LastModified]).toEqual([undefined, expect.any(Date)])
    expect(every.Checksum?.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/)
    const size = await ask(url, 'ObjectSize')
    expect(size.body.toString()).toMatch(
      /<GetObjectAttributesResponse [^>]*><ObjectSize>4<\/ObjectSize><\/Get/,
    )
  })

  test('conditions, and what is refused', async () => {
    const { url } = await clientWithObject()
    const etag = '"841a2d689ad86bd1611447453c22c6fc"'
    expect((await ask(url, 'ETag', { 'if-match': '"other"' })).code).toBe('PreconditionFailed')
    const unmodified = await ask(url, 'ETag', { 'if-none-match': etag })
    expect([unmodified.status, unmodified.headers.etag]).toEqual([304, etag])
    expect((await ask(url)).code).toBe('InvalidRequest')
    expect((await ask(url, 'ETag,Colour')).code).toBe('InvalidArgument')
    const missing = { url, path: `/${BUCKET}/b`, query: { attributes: '' } }
    expect((await sendSigned({ ...missing, headers: { 'x-amz-object-attributes': 'ETag' } })).code).toBe(
      'NoSuchKey',
    )
  })
})

describe('versioning', () => {
  test('was never on, and cannot be put on', async () => {
    const { client } = await clientWithObject()
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: BUCKET }))).Status).toBeUndefined()
    const put = { Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } } as const
    await expect(client.send(new PutBucketVersioningCommand(put))).rejects.toMatchObject({
      name: 'NotImplemented',
    })
    await expect(
      client.send(new GetBucketVersioningCommand({ Bucket: 'no-such-bucket' })),
    ).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })
})
