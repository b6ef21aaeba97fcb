import {
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { type Case, type Subject } from '../subject.ts'

const MISSING = 'no-such-bucket-00c4e1'

const TO_MISSING_BUCKET: readonly [
  what: string,
  method: string,
  path: string,
  query: Record<string, string>,
][] = [
  ['PutObject', 'PUT', `/${MISSING}/a`, {}],
  ['GetObject', 'GET', `/${MISSING}/a`, {}],
  ['DeleteObject', 'DELETE', `/${MISSING}/a`, {}],
  ['ListObjectsV2', 'GET', `/${MISSING}`, { 'list-type': '2' }],
  ['GetBucketLocation', 'GET', `/${MISSING}`, { location: '' }],
  ['DeleteBucket', 'DELETE', `/${MISSING}`, {}],
]

/** Buckets, and how errors are told. */
export const BUCKET_CASES: readonly Case[] = [
  {
    name: 'ListBuckets has every bucket with its date',
    async run(s) {
      const { Buckets } = await s.client.send(new ListBucketsCommand({}))
      const found = Buckets?.find(({ Name }) => Name === s.bucket)
      expect(found?.CreationDate?.getTime()).toEqual(expect.any(Number))
    },
  },
  {
    name: 'HeadBucket is 200, or 404 without a body',
    async run(s) {
      await s.client.send(new HeadBucketCommand({ Bucket: s.bucket }))
      const { status, body } = await s.signed({ method: 'HEAD', path: `/${MISSING}` })
      expect([status, body.length]).toEqual([404, 0])
    },
  },
  {
    name: 'a slash after the bucket is the bucket',
    async run(s) {
      const { status } = await s.signed({ path: `/${s.bucket}/`, query: { 'list-type': '2' } })
      expect(status).toBe(200)
    },
  },
  {
    name: 'GetBucketLocation of us-east-1 is empty',
    async run(s) {
      const { LocationConstraint } = await s.client.send(new GetBucketLocationCommand({ Bucket: s.bucket }))
      expect(LocationConstraint ?? '').toBe('')
    },
  },
  {
    name: 'DeleteBucket is BucketNotEmpty while something is in it, and then 204',
    async run(s) {
      const Bucket = await s.ownBucket()
      await s.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'body' }))
      await expect(s.client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
        name: 'BucketNotEmpty',
        $metadata: { httpStatusCode: 409 },
      })
      expect((await s.signed({ method: 'DELETE', path: `/${Bucket}/a` })).status).toBe(204)
    },
  },
  {
    name: 'a name that no bucket may have is InvalidBucketName',
    async run(s) {
      expect((await s.signed({ method: 'PUT', path: '/No_Such_Name' })).code).toBe('InvalidBucketName')
    },
  },
  ...TO_MISSING_BUCKET.map(([what, method, path, query]) => ({
    name: `${what} to a bucket that is not there is NoSuchBucket`,
    async run(s: Subject) {
      const { status, code } = await s.signed({ method, path, query })
      expect([status, code]).toEqual([404, 'NoSuchBucket'])
    },
  })),
  {
    name: 'an error is XML with code, message, key and the id of the request',
    async run(s) {
      const { status, headers, body } = await s.get('missing')
      expect([status, headers['content-type']]).toEqual([404, 'application/xml'])
      const text = body.toString()
      for (const name of ['Code', 'Message', 'Key', 'RequestId']) expect(text).toMatch(`<${name}>`)
      expect(text).toContain(`<RequestId>${headers['x-amz-request-id']?.toString()}</RequestId>`)
    },
  },
  {
    name: 'HEAD of a key that is not there is 404 without a body',
    async run(s) {
      const { status, body } = await s.head('missing')
      expect([status, body.length]).toEqual([404, 0])
    },
  },
  {
    name: 'every answer has an id',
    async run(s) {
      const ids = [await s.put('a', 'body'), await s.get('a'), await s.head('a')].map(
        ({ headers }) => headers['x-amz-request-id'],
      )
      expect(new Set(ids).size).toBe(3)
      expect(ids).not.toContain(undefined)
    },
  },
]
