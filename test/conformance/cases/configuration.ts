import {
  DeleteBucketCorsCommand,
  DeleteObjectTaggingCommand,
  GetBucketCorsCommand,
  GetObjectTaggingCommand,
  ListObjectsCommand,
  PutBucketCorsCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { type Case } from '../subject.ts'

/** Tags, CORS, and the older listing. */
export const CONFIGURATION_CASES: readonly Case[] = [
  {
    name: 'tags are put, told and removed, and the object stays as it is',
    async run(s) {
      await s.put('a', 'body')
      const target = { Bucket: s.bucket, Key: s.key() }
      const TagSet = [{ Key: 'a b', Value: '1' }]
      await s.client.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }))
      expect((await s.client.send(new GetObjectTaggingCommand(target))).TagSet).toEqual(TagSet)
      expect((await s.get('a')).body.toString()).toBe('body')
      await s.client.send(new DeleteObjectTaggingCommand(target))
      expect((await s.client.send(new GetObjectTaggingCommand(target))).TagSet ?? []).toEqual([])
    },
  },
  {
    name: 'x-amz-tagging stores tags with the object, and GET counts them',
    async run(s) {
      await s.put('a', 'body', { 'x-amz-tagging': 'a=1&b=2' })
      expect((await s.get('a')).headers['x-amz-tagging-count']).toBe('2')
    },
  },
  {
    name: 'CORS rules are put, told and removed',
    async run(s) {
      const Bucket = await s.ownBucket()
      const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://example.com'] }]
      await s.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
      expect((await s.client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toMatchObject(CORSRules)
      await s.client.send(new DeleteBucketCorsCommand({ Bucket }))
      await expect(s.client.send(new GetBucketCorsCommand({ Bucket }))).rejects.toMatchObject({
        name: 'NoSuchCORSConfiguration',
      })
    },
  },
  {
    name: 'the older listing goes on from a marker',
    async run(s) {
      for (const name of ['a', 'b/1', 'b/2', 'c']) await s.put(name, 'x')
      const input = { Bucket: s.bucket, Prefix: s.prefix, Delimiter: '/', MaxKeys: 2 }
      const first = await s.client.send(new ListObjectsCommand(input))
      expect([first.IsTruncated, first.NextMarker]).toEqual([true, s.key('b/')])
      const rest = await s.client.send(new ListObjectsCommand({ ...input, Marker: first.NextMarker }))
      expect([rest.IsTruncated, rest.Contents?.map(({ Key }) => Key)]).toEqual([false, [s.key('c')]])
    },
  },
]
