import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { type Case, encodeKey, type Subject } from '../subject.ts'

const ODD_KEYS: readonly [what: string, key: string][] = [
  ['300 bytes in a segment', 'x'.repeat(300)],
  ['two segments of 300 bytes', `${'y'.repeat(300)}/${'z'.repeat(300)}`],
  ['1,024 bytes', '\u{1f642}'.repeat(256)],
  ['two dots', '..'],
  ['a way out', '../../escape'],
  ['a dot', '.'],
  ['a dot before a slash', './a'],
  ['two dots within', 'a/../b'],
  ['a leading slash', '/leading'],
  ['a trailing slash', 'trailing/'],
  ['a slash', '/'],
  ['two slashes', '//'],
  ['two slashes within', 'double//slash'],
  ['a line break', 'line\nbreak'],
  ['tab and return', 'tab\tand\rreturn'],
  ['__proto__', '__proto__'],
  ['an emoji', 'emoji \u{1f600}\ufe0f'],
  ['a combining accent', 'e\u0301'],
  ['blanks around', ' blank '],
  ['a percent sign', '100%'],
  ['what looks encoded', '%2F'],
  ['a plus sign and a blank', 'a+b c'],
  ['entities of XML', 'quote\'"<>&;'],
  ['what looks like an entity', '&amp;'],
  ['a backslash', 'back\\slash'],
  ['the signs of a query', 'question?mark#hash'],
  ['what signers escape', "!*'()~"],
  ['a control character', '\u0001'],
  ['DEL', '\u007f'],
]

/** Keys of every shape; they lie in buckets of their own, so that nothing stands before them. */
export const KEY_CASES: readonly Case[] = [
  ...ODD_KEYS.map(([what, key]) => ({
    name: `a key of ${what} is stored, listed, read and removed as itself`,
    run: (s: Subject) => roundTrip(s, key),
  })),
  {
    name: 'keys that are paths of one another stand side by side',
    async run(s) {
      const keys = ['a', 'a/', 'a/b', 'a/b/', 'a/b/c']
      for (const key of keys) await s.put(key, `body of ${key}`)
      const { Contents } = await s.client.send(
        new ListObjectsV2Command({ Bucket: s.bucket, Prefix: s.prefix }),
      )
      expect(Contents?.map(({ Key }) => Key)).toEqual(keys.map((key) => s.key(key)))
      for (const key of keys) expect((await s.get(key)).body.toString()).toBe(`body of ${key}`)
    },
  },
  {
    name: 'two ways to write one letter are two keys',
    async run(s) {
      await s.put('e\u0301', 'two')
      await s.put('\u00e9', 'one')
      expect([(await s.get('e\u0301')).body.toString(), (await s.get('\u00e9')).body.toString()]).toEqual([
        'two',
        'one',
      ])
    },
  },
  {
    name: 'a key of 1,025 bytes is KeyTooLongError',
    async run(s) {
      const path = `/${s.bucket}/${encodeKey(`${'\u00e9'.repeat(512)}x`)}`
      expect((await s.signed({ method: 'PUT', path })).code).toBe('KeyTooLongError')
    },
  },
]

async function roundTrip(s: Subject, Key: string): Promise<void> {
  const Bucket = await s.ownBucket()
  await s.client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }))
  // Encoded, since XML cannot hold all of them.
  const { Contents } = await s.client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }))
  expect(Contents?.map((entry) => decodeURIComponent((entry.Key ?? '').replaceAll('+', ' ')))).toEqual([Key])
  const got = await s.client.send(new GetObjectCommand({ Bucket, Key }))
  expect(await got.Body?.transformToString()).toBe(`body of ${Key}`)
  await s.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }))
  await expect(s.client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  })
}
