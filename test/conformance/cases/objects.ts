import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { type Prepared, signRequest } from '../../origin/signed-request.ts'
import { type Case, encodeKey, type Subject } from '../subject.ts'

const LARGE = Buffer.alloc(3_000_000, 'a picture of some size, ')

/** Bodies that go in and come out. */
export const OBJECT_CASES: readonly Case[] = [
  {
    name: 'PutObject answers with the quoted MD5 as ETag',
    async run(s) {
      const put = await s.put('a', 'body')
      expect([put.status, put.headers.etag]).toEqual([200, `"${md5('body')}"`])
    },
  },
  {
    name: 'GetObject gives the bytes, their length, type, ETag and date',
    async run(s) {
      await s.put('a', 'body', { 'content-type': 'image/png' })
      const got = await s.get('a')
      expect([got.status, got.body.toString()]).toEqual([200, 'body'])
      expect(got.headers).toMatchObject({
        'content-length': '4',
        'content-type': 'image/png',
        etag: `"${md5('body')}"`,
        'accept-ranges': 'bytes',
      })
      expect(Date.parse(got.headers['last-modified'] ?? '')).not.toBeNaN()
    },
  },
  {
    name: 'HeadObject says what GetObject says, without a body',
    async run(s) {
      await s.put('a', 'body', { 'content-type': 'image/png' })
      const [head, got] = [await s.head('a'), await s.get('a')]
      expect([head.status, head.body.length]).toEqual([200, 0])
      for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges'])
        expect(head.headers[name], name).toBe(got.headers[name])
    },
  },
  {
    name: 'an object of no bytes',
    async run(s) {
      await s.put('a', '')
      const got = await s.get('a')
      expect([got.status, got.headers['content-length'], got.headers.etag]).toEqual([
        200,
        '0',
        `"${md5('')}"`,
      ])
    },
  },
  {
    name: 'a type is made up when there is none',
    async run(s) {
      await s.put('a', 'body')
      expect((await s.get('a')).headers['content-type']).toBe('binary/octet-stream')
    },
  },
  {
    name: 'a buffer of 3 MB by the SDK, which waits for 100 Continue',
    async run(s) {
      const target = { Bucket: s.bucket, Key: s.key() }
      await s.client.send(new PutObjectCommand({ ...target, Body: LARGE }))
      const got = await s.client.send(new GetObjectCommand(target))
      expect(md5((await got.Body?.transformToByteArray()) ?? '')).toBe(md5(LARGE))
    },
  },
  {
    name: 'a stream by the SDK, in aws-chunked with a trailer',
    async run(s) {
      const target = { Bucket: s.bucket, Key: s.key() }
      const Body = Readable.from([LARGE.subarray(0, 1_000_000), LARGE.subarray(1_000_000)])
      await s.client.send(new PutObjectCommand({ ...target, Body, ContentLength: LARGE.length }))
      const got = await s.client.send(new GetObjectCommand(target))
      expect(got.ContentEncoding).toBeUndefined()
      expect(md5((await got.Body?.transformToByteArray()) ?? '')).toBe(md5(LARGE))
    },
  },
  {
    name: 'a new body comes with its own headers, none of the old ones',
    async run(s) {
      await s.put('a', 'old', { 'x-amz-meta-old': '1', 'cache-control': 'no-store' })
      await s.put('a', 'new', { 'x-amz-meta-new': '1' })
      const { headers, body } = await s.get('a')
      expect(body.toString()).toBe('new')
      expect(headers).toMatchObject({ 'x-amz-meta-new': '1', etag: `"${md5('new')}"` })
      expect([headers['x-amz-meta-old'], headers['cache-control']]).toEqual([undefined, undefined])
    },
  },
  {
    name: 'an upload that breaks off leaves the old object',
    async run(s) {
      await s.put('a', 'old')
      const body = 'x'.repeat(100_000)
      await sendPart(
        await signRequest(s.request({ method: 'PUT', path: s.path(), body })),
        body.slice(0, 50_000),
      )
      // A request after it, so that the server has seen the end of the one before.
      await s.put('b', 'later')
      expect((await s.get('a')).body.toString()).toBe('old')
    },
  },
  {
    name: 'writers and readers of one key: every answer is one whole object',
    async run(s) {
      const bodies = ['a', 'b', 'c'].map((letter) => letter.repeat(200_000))
      const isWhole = async (): Promise<boolean> => {
        const { body, headers } = await s.get('a')
        return bodies.includes(body.toString()) && headers.etag === `"${md5(body)}"`
      }
      await s.put('a', bodies[0] ?? '')
      const writes = bodies.map(async (body) => {
        for (let round = 0; round < 5; round += 1) await s.put('a', body)
        return true
      })
      const reads = Array.from({ length: 15 }, isWhole)
      expect(await Promise.all([...writes, ...reads])).toEqual(Array.from({ length: 18 }, () => true))
    },
  },
]

/** Removal, one by one and many at once. */
export const DELETE_CASES: readonly Case[] = [
  {
    name: 'DeleteObject removes, and counts what is not there as removed',
    async run(s) {
      await s.put('a', 'body')
      const target = { Bucket: s.bucket, Key: s.key() }
      for (let times = 0; times < 2; times += 1) {
        const { $metadata } = await s.client.send(new DeleteObjectCommand(target))
        expect($metadata.httpStatusCode).toBe(204)
      }
      expect((await s.get('a')).code).toBe('NoSuchKey')
    },
  },
  {
    name: 'DeleteObjects answers for each key',
    async run(s) {
      for (const name of ['a', '<&>"\'', 'ä ü']) await s.put(name, 'body')
      const keys = ['a', '<&>"\'', 'missing', 'ä ü'].map((name) => s.key(name))
      const Delete = { Objects: keys.map((Key) => ({ Key })) }
      const { Deleted, Errors } = await s.client.send(new DeleteObjectsCommand({ Bucket: s.bucket, Delete }))
      expect(Deleted?.map(({ Key }) => Key).toSorted()).toEqual(keys.toSorted())
      expect(Errors).toBeUndefined()
      expect((await s.get('ä ü')).status).toBe(404)
    },
  },
  {
    name: 'DeleteObjects, told to be quiet, answers only for what failed',
    async run(s) {
      await s.put('a', 'body')
      const Delete = { Objects: [{ Key: s.key() }], Quiet: true }
      const { Deleted, Errors } = await s.client.send(new DeleteObjectsCommand({ Bucket: s.bucket, Delete }))
      expect([Deleted, Errors]).toEqual([undefined, undefined])
      expect((await s.get('a')).status).toBe(404)
    },
  },
  {
    name: 'DeleteObjects takes Content-MD5 for its digest',
    async run(s) {
      await s.put('a', 'body')
      const body = `<Delete><Object><Key>${s.key()}</Key></Object></Delete>`
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
      const query = { delete: '' }
      const answer = await s.signed({ method: 'POST', path: `/${s.bucket}`, query, body, headers })
      expect([answer.status, (await s.get('a')).status]).toEqual([200, 404])
    },
  },
  {
    name: 'DeleteObjects with a document that is none is MalformedXML',
    async run(s) {
      const body = '<Delete><Object>'
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
      const query = { delete: '' }
      const answer = await s.signed({ method: 'POST', path: `/${s.bucket}`, query, body, headers })
      expect(answer.code).toBe('MalformedXML')
    },
  },
]

type CopyInput = Partial<ConstructorParameters<typeof CopyObjectCommand>[0]>

const REFUSED_COPIES: readonly { what: string; input: CopyInput; name: string }[] = [
  { what: 'its If-Match does not hold', input: { CopySourceIfMatch: '"x"' }, name: 'PreconditionFailed' },
  {
    what: 'its If-Unmodified-Since does not hold',
    input: { CopySourceIfUnmodifiedSince: new Date(0) },
    name: 'PreconditionFailed',
  },
  {
    what: 'its If-None-Match does not hold',
    input: { CopySourceIfNoneMatch: `"${md5('source')}"` },
    name: 'PreconditionFailed',
  },
]

/** Copies. */
export const COPY_CASES: readonly Case[] = [
  {
    name: 'CopyObject keeps headers and metadata, and answers with a quoted ETag',
    async run(s) {
      const copied = await copy(s)
      expect(copied.CopyObjectResult?.ETag).toBe(`"${md5('source')}"`)
      expect(
        await s.client.send(new HeadObjectCommand({ Bucket: s.bucket, Key: s.key('copy') })),
      ).toMatchObject({
        ContentType: 'image/png',
        Metadata: { a: '1' },
        ContentLength: 6,
      })
    },
  },
  {
    name: 'CopyObject with REPLACE takes new headers and metadata',
    async run(s) {
      await copy(s, { MetadataDirective: 'REPLACE', ContentType: 'text/plain', Metadata: { b: '2' } })
      const head = await s.client.send(new HeadObjectCommand({ Bucket: s.bucket, Key: s.key('copy') }))
      expect([head.ContentType, head.Metadata]).toEqual(['text/plain', { b: '2' }])
    },
  },
  {
    name: 'a copy onto itself without new headers is refused',
    async run(s) {
      await expect(copy(s, { Key: s.key(SOURCE) })).rejects.toMatchObject({ name: 'InvalidRequest' })
    },
  },
  {
    name: 'a copy onto itself with new headers changes them and keeps the bytes',
    async run(s) {
      await copy(s, { Key: s.key(SOURCE), MetadataDirective: 'REPLACE', Metadata: { c: '3' } })
      const { headers, body } = await s.get(SOURCE)
      expect([headers['x-amz-meta-a'], headers['x-amz-meta-c'], body.toString()]).toEqual([
        undefined,
        '3',
        'source',
      ])
    },
  },
  {
    name: 'the copy of a key that is not there is NoSuchKey',
    async run(s) {
      const CopySource = `${s.bucket}/${encodeKey(s.key('missing'))}`
      await expect(copy(s, { CopySource })).rejects.toMatchObject({ name: 'NoSuchKey' })
    },
  },
  ...REFUSED_COPIES.map(({ what, input, name }) => ({
    name: `a copy is refused when for the source ${what}`,
    async run(s: Subject) {
      await expect(copy(s, input)).rejects.toMatchObject({ name })
      expect((await s.get('copy')).status).toBe(404)
    },
  })),
  {
    name: 'a copy is refused when for the destination its If-None-Match does not hold',
    async run(s) {
      await s.put('copy', 'there')
      await expect(copy(s, { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
      expect((await s.get('copy')).body.toString()).toBe('there')
    },
  },
]

const SOURCE = 'ä/source +1'

async function copy(s: Subject, input: CopyInput = {}) {
  await s.put(SOURCE, 'source', { 'content-type': 'image/png', 'x-amz-meta-a': '1' })
  const CopySource = `${s.bucket}/${encodeKey(s.key(SOURCE))}`
  return s.client.send(new CopyObjectCommand({ Bucket: s.bucket, Key: s.key('copy'), CopySource, ...input }))
}

/** Sends a head and a part of a body, and leaves when the bytes are on their way. */
async function sendPart({ url, method, path, headers }: Prepared, part: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const lines = Object.entries({ ...headers, 'content-length': String(part.length * 2) })
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', '']
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.once('error', reject).once('close', () => resolve())
    socket.write(head.join('\r\n') + part, () => socket.end())
    socket.resume()
  })
}

function md5(data: string | Uint8Array): string {
  return createHash('md5').update(data).digest('hex')
}
