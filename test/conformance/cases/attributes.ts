import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandOutput,
  type ObjectAttributes,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Case, Subject } from '../subject.ts'

const PARTS = [Buffer.alloc(5 * 1024 * 1024, 'the first part; '), Buffer.from('the last part')]

/** What GetObjectAttributes tells of an object. */
export const ATTRIBUTE_CASES: readonly Case[] = [
  {
    name: 'GetObjectAttributes tells ETag, size and storage class, the ETag without quotes',
    async run(s) {
      await s.put('a', 'body')
      const told = await attributes(s, ['ETag', 'ObjectSize', 'StorageClass'])
      expect([told.ETag, told.ObjectSize, told.StorageClass]).toEqual([
        createHash('md5').update('body').digest('hex'),
        4,
        'STANDARD',
      ])
      expect(told.LastModified).toBeInstanceOf(Date)
    },
  },
  {
    name: 'GetObjectAttributes tells only what is asked for',
    async run(s) {
      await s.put('a', 'body')
      const told = await attributes(s, ['ObjectSize'])
      expect([told.ObjectSize, told.ETag, told.StorageClass, told.Checksum, told.ObjectParts]).toEqual([
        4,
        undefined,
        undefined,
        undefined,
        undefined,
      ])
    },
  },
  {
    name: 'GetObjectAttributes tells the checksum that an object was stored with',
    async run(s) {
      const target = { Bucket: s.bucket, Key: s.key() }
      const put = new PutObjectCommand({ ...target, Body: 'body', ChecksumAlgorithm: 'SHA256' })
      const { ChecksumSHA256 } = await s.client.send(put)
      expect(ChecksumSHA256).toBe(createHash('sha256').update('body').digest('base64'))
      expect((await attributes(s, ['Checksum'])).Checksum).toMatchObject({ ChecksumSHA256 })
    },
  },
  {
    name: 'GetObjectAttributes tells how many parts an object was uploaded in',
    async run(s) {
      await uploadInParts(s)
      const { ETag, ObjectSize, ObjectParts } = await attributes(s, ['ETag', 'ObjectSize', 'ObjectParts'])
      expect(ETag).toMatch(/^[0-9a-f]{32}-2$/)
      expect(ObjectSize).toBe(PARTS.reduce((sum, { length }) => sum + length, 0))
      expect(ObjectParts?.TotalPartsCount).toBe(2)
    },
  },
  {
    name: 'GetObjectAttributes of a key that is not there is NoSuchKey',
    async run(s) {
      await expect(attributes(s, ['ETag'])).rejects.toMatchObject({ name: 'NoSuchKey' })
    },
  },
  {
    name: 'GetObjectAttributes that asks for nothing, or for what there is not, is refused',
    async run(s) {
      await s.put('a', 'body')
      for (const headers of [{}, { 'x-amz-object-attributes': 'Colour' }]) {
        const refused = await s.get('a', headers, { attributes: '' })
        expect([refused.status, refused.code]).toEqual([400, expect.stringMatching(/^Invalid/)])
      }
    },
  },
]

function attributes(s: Subject, asked: ObjectAttributes[]): Promise<GetObjectAttributesCommandOutput> {
  const command = { Bucket: s.bucket, Key: s.key(), ObjectAttributes: asked }
  return s.client.send(new GetObjectAttributesCommand(command))
}

async function uploadInParts(s: Subject): Promise<void> {
  const target = { Bucket: s.bucket, Key: s.key() }
  const { UploadId } = await s.client.send(new CreateMultipartUploadCommand(target))
  const Parts = []
  for (const [index, Body] of PARTS.entries()) {
    const part = { ...target, UploadId, PartNumber: index + 1 }
    const { ETag } = await s.client.send(new UploadPartCommand({ ...part, Body }))
    Parts.push({ ETag, PartNumber: part.PartNumber })
  }
  const whole = { ...target, UploadId, MultipartUpload: { Parts } }
  await s.client.send(new CompleteMultipartUploadCommand(whole))
}
