import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { Case, Subject } from '../subject.ts'

/** What a bucket shows to those who have no credentials. */
export const POLICY_CASES: readonly Case[] = [
  {
    name: 'a bucket policy is put, told and removed',
    async run(s) {
      const Bucket = await s.ownBucket()
      const none = { name: 'NoSuchBucketPolicy' }
      await expect(s.client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject(none)
      const policy = await show(s, Bucket)
      const told = (await s.client.send(new GetBucketPolicyCommand({ Bucket }))).Policy
      expect(JSON.parse(told ?? '')).toEqual(policy)
      await s.client.send(new DeleteBucketPolicyCommand({ Bucket }))
      await expect(s.client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject(none)
    },
  },
  {
    name: 'what a bucket policy shows to everyone is read without credentials, by GET and HEAD',
    async run(s) {
      const Bucket = await s.ownBucket()
      await s.signed({ method: 'PUT', path: `/${Bucket}/public/a`, body: 'shown' })
      expect((await unsigned(s, 'GET', `/${Bucket}/public/a`)).status).toBe(403)
      await show(s, Bucket)
      const [got, head] = [
        await unsigned(s, 'GET', `/${Bucket}/public/a`),
        await unsigned(s, 'HEAD', `/${Bucket}/public/a`),
      ]
      expect([got.status, got.body.toString(), head.status]).toEqual([200, 'shown', 200])
    },
  },
  ...(['GET /private', 'GET /public/missing', 'PUT /public/a', 'DELETE /public/a', 'GET /'] as const).map(
    (what): Case => ({
      name: `a bucket policy that shows public/ to everyone does not permit ${what} without credentials`,
      async run(s) {
        const Bucket = await s.ownBucket()
        for (const key of ['private', 'public/a'])
          await s.signed({ method: 'PUT', path: `/${Bucket}/${key}`, body: 'stored' })
        await show(s, Bucket)
        const [method = '', path = ''] = what.split(' ')
        const refused = await unsigned(s, method, `/${Bucket}${path}`)
        expect([refused.status, refused.code]).toEqual([403, 'AccessDenied'])
        expect((await s.signed({ path: `/${Bucket}/public/a` })).body.toString()).toBe('stored')
      },
    }),
  ),
  {
    name: 'a bucket policy that is removed shows nothing any more',
    async run(s) {
      const Bucket = await s.ownBucket()
      await s.signed({ method: 'PUT', path: `/${Bucket}/public/a`, body: 'shown' })
      await show(s, Bucket)
      await s.client.send(new DeleteBucketPolicyCommand({ Bucket }))
      expect((await unsigned(s, 'GET', `/${Bucket}/public/a`)).status).toBe(403)
    },
  },
  {
    name: 'GetBucketPolicyStatus says whether everyone is shown something',
    async run(s) {
      const Bucket = await s.ownBucket()
      await show(s, Bucket)
      const { PolicyStatus } = await s.client.send(new GetBucketPolicyStatusCommand({ Bucket }))
      expect(PolicyStatus?.IsPublic).toBe(true)
    },
  },
  ...[
    { what: 'is no JSON', policy: '{' },
    { what: 'has no statement', policy: '{"Version":"2012-10-17"}' },
    {
      what: 'is of another bucket',
      policy: JSON.stringify(policyOf('conformance-of-somebody-else')),
    },
  ].map(
    ({ what, policy }): Case => ({
      name: `a bucket policy that ${what} is MalformedPolicy`,
      async run(s) {
        const Bucket = await s.ownBucket()
        const put = s.client.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }))
        await expect(put).rejects.toMatchObject({ name: 'MalformedPolicy' })
      },
    }),
  ),
]

function policyOf(bucket: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'show',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${bucket}/public/*`,
      },
    ],
  }
}

async function show(s: Subject, Bucket: string): Promise<object> {
  const policy = policyOf(Bucket)
  await s.client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }))
  return policy
}

function unsigned(s: Subject, method: string, path: string): ReturnType<Subject['send']> {
  return s.send({ url: s.server.url, method, path, headers: {}, body: undefined })
}
