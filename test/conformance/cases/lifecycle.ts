import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { Case, Subject } from '../subject.ts'

const EXPIRY: LifecycleRule = {
  ID: 'temporary',
  Status: 'Enabled',
  Filter: { Prefix: 'temp/' },
  Expiration: { Days: 1 },
}

const TAGGED: LifecycleRule = {
  ID: 'tagged',
  Status: 'Disabled',
  Filter: { And: { Prefix: 'a/', Tags: [{ Key: 'kind', Value: 'draft' }] } },
  Expiration: { Date: new Date('2031-05-01T00:00:00Z') },
}

const UPLOADS: LifecycleRule = {
  ID: 'uploads',
  Status: 'Enabled',
  Filter: { Prefix: 'a/' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
}

/** Rules by which objects and uploads go; that they do go cannot be waited for. */
export const LIFECYCLE_CASES: readonly Case[] = [
  {
    name: 'lifecycle rules are put, told and removed',
    async run(s) {
      const Bucket = await s.ownBucket()
      await expect(rulesOf(s, Bucket)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
      await put(s, Bucket, [EXPIRY])
      expect(await rulesOf(s, Bucket)).toEqual([EXPIRY])
      await s.client.send(new DeleteBucketLifecycleCommand({ Bucket }))
      await expect(rulesOf(s, Bucket)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
    },
  },
  {
    name: 'lifecycle rules of tags, dates and uploads come back as they were put',
    async run(s) {
      const Bucket = await s.ownBucket()
      await put(s, Bucket, [TAGGED, UPLOADS])
      expect(await rulesOf(s, Bucket)).toEqual([TAGGED, UPLOADS])
    },
  },
  {
    name: 'lifecycle rules are replaced as a whole',
    async run(s) {
      const Bucket = await s.ownBucket()
      await put(s, Bucket, [EXPIRY, UPLOADS])
      await put(s, Bucket, [UPLOADS])
      expect(await rulesOf(s, Bucket)).toEqual([UPLOADS])
    },
  },
  refused('of no days', [{ ...EXPIRY, Expiration: { Days: 0 } }], 'InvalidArgument'),
  refused('of one name', [EXPIRY, { ...UPLOADS, ID: 'temporary' }], 'InvalidArgument'),
  refused('that do nothing', [{ ID: 'idle', Status: 'Enabled', Filter: { Prefix: '' } }], 'InvalidRequest'),
  refused(
    'of a time within a day',
    [{ ...EXPIRY, Expiration: { Date: new Date('2031-05-01T10:00:00Z') } }],
    'InvalidArgument',
  ),
]

function refused(what: string, rules: LifecycleRule[], code: string): Case {
  return {
    name: `lifecycle rules ${what} are ${code} and change nothing`,
    async run(s) {
      const Bucket = await s.ownBucket()
      await put(s, Bucket, [UPLOADS])
      await expect(put(s, Bucket, rules)).rejects.toMatchObject({ name: code })
      expect(await rulesOf(s, Bucket)).toEqual([UPLOADS])
    },
  }
}

async function put(s: Subject, Bucket: string, Rules: LifecycleRule[]): Promise<void> {
  await s.client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  )
}

async function rulesOf(s: Subject, Bucket: string): Promise<LifecycleRule[] | undefined> {
  return (await s.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules
}
