import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type Case, encodeKey, type Subject } from '../subject.ts'

const FIRST = Buffer.alloc(5 * 1024 * 1024, 'the first part; ')
const LAST = Buffer.from('the last part')
const WHOLE = Buffer.concat([FIRST, LAST])
const NONE = 'VXBsb2FkSWQtb2Ytbm90aGluZy1hdC1hbGw'

/** Uploads in parts. */
export const MULTIPART_CASES: readonly Case[] = [
  {
    name: 'an upload in parts is the object when it is completed, and not before',
    async run(s) {
      const upload = await begin(s)
      const parts = await send(s, upload, [FIRST, LAST])
      expect((await s.head('a')).status).toBe(404)
      await complete(s, upload, parts)
      const got = await s.get('a')
      expect([got.headers['content-type'], got.headers['x-amz-meta-a'], got.body.equals(WHOLE)]).toEqual([
        'image/png',
        '1',
        true,
      ])
    },
  },
  {
    name: 'the ETag of an upload in parts is the MD5 of the MD5s with the number of parts, quoted everywhere',
    async run(s) {
      const upload = await begin(s)
      const { ETag } = await complete(s, upload, await send(s, upload, [FIRST, LAST]))
      const md5s = [FIRST, LAST].map((part) => createHash('md5').update(part).digest())
      const expected = `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2"`
      expect([ETag, (await s.head('a')).headers.etag]).toEqual([expected, expected])
    },
  },
  {
    name: 'a range across two parts',
    async run(s) {
      const upload = await begin(s)
      await complete(s, upload, await send(s, upload, [FIRST, LAST]))
      const got = await s.get('a', { range: `bytes=${FIRST.length - 3}-${FIRST.length + 2}` })
      expect([got.status, got.body.toString()]).toEqual([
        206,
        WHOLE.subarray(FIRST.length - 3, FIRST.length + 3).toString(),
      ])
    },
  },
  {
    name: 'ListParts and ListMultipartUploads tell what is under way',
    async run(s) {
      const upload = await begin(s)
      await send(s, upload, [FIRST, LAST])
      const { Parts } = await s.client.send(new ListPartsCommand(upload))
      expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
        [1, FIRST.length],
        [2, LAST.length],
      ])
      const listed = await s.client.send(
        new ListMultipartUploadsCommand({ Bucket: s.bucket, Prefix: s.key() }),
      )
      expect(listed.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
        [s.key(), upload.UploadId],
      ])
      await s.client.send(new AbortMultipartUploadCommand(upload))
    },
  },
  {
    name: 'an upload that is aborted is gone',
    async run(s) {
      const upload = await begin(s)
      const parts = await send(s, upload, [LAST])
      await s.client.send(new AbortMultipartUploadCommand(upload))
      await expect(complete(s, upload, parts)).rejects.toMatchObject({ name: 'NoSuchUpload' })
      expect((await s.head('a')).status).toBe(404)
    },
  },
  {
    name: 'an upload that never was is NoSuchUpload',
    async run(s) {
      const query = { uploadId: NONE, partNumber: '1' }
      expect((await s.signed({ method: 'PUT', path: s.path(), query, body: 'x' })).code).toBe('NoSuchUpload')
    },
  },
  {
    name: 'a part other than the last of less than 5 MiB is EntityTooSmall',
    async run(s) {
      const upload = await begin(s)
      const parts = await send(s, upload, [LAST, LAST])
      await expect(complete(s, upload, parts)).rejects.toMatchObject({ name: 'EntityTooSmall' })
      await s.client.send(new AbortMultipartUploadCommand(upload))
    },
  },
  {
    name: 'parts out of order are InvalidPartOrder, with another ETag InvalidPart',
    async run(s) {
      const upload = await begin(s)
      const parts = await send(s, upload, [FIRST, LAST])
      await expect(complete(s, upload, parts.toReversed())).rejects.toMatchObject({
        name: 'InvalidPartOrder',
      })
      const other = parts.map(({ PartNumber }) => ({
        PartNumber,
        ETag: '"00000000000000000000000000000000"',
      }))
      await expect(complete(s, upload, other)).rejects.toMatchObject({ name: 'InvalidPart' })
      await s.client.send(new AbortMultipartUploadCommand(upload))
    },
  },
  {
    name: 'Complete with If-None-Match: * where something is: 412',
    async run(s) {
      await s.put('a', 'there')
      const upload = await begin(s)
      const parts = await send(s, upload, [LAST])
      await expect(complete(s, upload, parts, { IfNoneMatch: '*' })).rejects.toMatchObject({
        name: 'PreconditionFailed',
      })
      expect((await s.get('a')).body.toString()).toBe('there')
      await s.client.send(new AbortMultipartUploadCommand(upload))
    },
  },
  {
    name: 'UploadPartCopy takes a range of an object',
    async run(s) {
      await s.put('source', '0123456789')
      const upload = await begin(s)
      const CopySource = `${s.bucket}/${encodeKey(s.key('source'))}`
      const copied = await s.client.send(
        new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource, CopySourceRange: 'bytes=2-4' }),
      )
      await complete(s, upload, [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }])
      expect((await s.get('a')).body.toString()).toBe('234')
    },
  },
]

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

interface Part {
  readonly PartNumber: number | undefined
  readonly ETag: string | undefined
}

async function begin(s: Subject): Promise<Upload> {
  const target = { Bucket: s.bucket, Key: s.key() }
  const input = { ...target, ContentType: 'image/png', Metadata: { a: '1' } }
  const { UploadId = '' } = await s.client.send(new CreateMultipartUploadCommand(input))
  return { ...target, UploadId }
}

async function send(s: Subject, upload: Upload, bodies: readonly Buffer[]): Promise<Part[]> {
  return Promise.all(
    bodies.map(async (Body, index) => {
      const PartNumber = index + 1
      const { ETag } = await s.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
      return { PartNumber, ETag }
    }),
  )
}

async function complete(
  s: Subject,
  upload: Upload,
  parts: readonly Part[],
  more: { IfNoneMatch?: string } = {},
) {
  const Parts = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))
  return s.client.send(new CompleteMultipartUploadCommand({ ...upload, ...more, MultipartUpload: { Parts } }))
}
