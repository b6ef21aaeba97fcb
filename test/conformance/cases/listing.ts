import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2Output,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { type Case, encodeKey, type Subject } from '../subject.ts'

type Input = Omit<ListObjectsV2CommandInput, 'Bucket'>

interface Listing {
  readonly what: string
  readonly keys: readonly string[]
  /** Prefix and start-after are below the case's own prefix. */
  readonly input: Input
  readonly expected: readonly string[]
}

const LISTINGS: readonly Listing[] = [
  { what: 'all keys', keys: ['b', 'a', 'c/d'], input: {}, expected: ['a', 'b', 'c/d'] },
  { what: 'no keys', keys: ['a'], input: { Prefix: 'x' }, expected: [] },
  {
    what: 'a prefix that ends within a name',
    keys: ['ab', 'abc', 'b'],
    input: { Prefix: 'ab' },
    expected: ['ab', 'abc'],
  },
  {
    what: 'UTF-8 byte order',
    keys: ['\u{1f600}', '\uff5e', 'é', 'z', 'Z', '-', 'e\u0301'],
    input: {},
    expected: ['-', 'Z', 'e\u0301', 'z', 'é', '\uff5e', '\u{1f600}'],
  },
  {
    what: 'common prefixes',
    keys: ['a/1', 'a/2', 'b', 'c/1/2', 'd/'],
    input: { Delimiter: '/' },
    expected: ['b', 'a/', 'c/', 'd/'],
  },
  {
    what: 'common prefixes below a prefix',
    keys: ['a/1', 'a/2/x', 'a/2/y', 'b'],
    input: { Delimiter: '/', Prefix: 'a/' },
    expected: ['a/1', 'a/2/'],
  },
  {
    what: 'a prefix that is itself a key',
    keys: ['a/', 'a/1'],
    input: { Delimiter: '/', Prefix: 'a/' },
    expected: ['a/', 'a/1'],
  },
  {
    what: 'a common prefix of nothing but the delimiter',
    keys: ['//x', 'a//b'],
    input: { Delimiter: '/' },
    expected: ['/', 'a/'],
  },
  {
    what: 'another delimiter',
    keys: ['a-1', 'a-2', 'b/1'],
    input: { Delimiter: '-' },
    expected: ['b/1', 'a-'],
  },
  {
    what: 'a delimiter of several characters',
    keys: ['a__1', 'a__2', 'a_3'],
    input: { Delimiter: '__' },
    expected: ['a_3', 'a__'],
  },
  { what: 'start-after a key', keys: ['a', 'b', 'c'], input: { StartAfter: 'a' }, expected: ['b', 'c'] },
  {
    what: 'start-after a key that is not there',
    keys: ['a', 'b', 'c'],
    input: { StartAfter: 'aa' },
    expected: ['b', 'c'],
  },
  {
    what: 'start-after within a common prefix, which is still told',
    keys: ['a/1', 'a/2', 'b'],
    input: { StartAfter: 'a/1', Delimiter: '/' },
    expected: ['b', 'a/'],
  },
]

/** ListObjectsV2. */
export const LISTING_CASES: readonly Case[] = [
  ...LISTINGS.map(({ what, keys, input, expected }) => ({
    name: `a listing: ${what}`,
    async run(s: Subject) {
      for (const key of keys) await s.put(key, 'x')
      const page = await list(s, input)
      expect(names(s, page)).toEqual(expected)
      expect([page.KeyCount, page.IsTruncated]).toEqual([expected.length, false])
    },
  })),
  {
    name: 'a listing says size, ETag and date of each key',
    async run(s) {
      const { headers } = await s.put('a', 'body')
      const { Contents } = await list(s, {})
      const date = (await s.head('a')).headers['last-modified'] ?? ''
      expect(Contents).toMatchObject([
        { Key: s.key(), Size: 4, ETag: headers.etag, StorageClass: 'STANDARD' },
      ])
      expect(Math.floor((Contents?.[0]?.LastModified?.getTime() ?? 0) / 1000) * 1000).toBe(Date.parse(date))
    },
  },
  {
    name: 'a listing says what was asked',
    async run(s) {
      const page = await list(s, { Prefix: 'a', Delimiter: '/', StartAfter: 'a', MaxKeys: 7 })
      expect(page).toMatchObject({
        Name: s.bucket,
        Prefix: s.key('a'),
        Delimiter: '/',
        StartAfter: s.key('a'),
        MaxKeys: 7,
      })
    },
  },
  {
    name: 'a listing in pages: common prefixes count, and nothing is lost or told twice',
    async run(s) {
      for (const key of ['a/1', 'a/2', 'b', 'c/1', 'c/2', 'd', 'e']) await s.put(key, 'x')
      const all: string[][] = []
      let ContinuationToken: string | undefined
      do {
        const page = await list(s, { Delimiter: '/', MaxKeys: 2, ContinuationToken })
        all.push(names(s, page).toSorted())
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined && all.length < 10)
      expect(all).toEqual([['a/', 'b'], ['c/', 'd'], ['e']])
    },
  },
  {
    name: 'a listing in pages goes on where it was though keys came and went',
    async run(s) {
      for (const key of ['a', 'b', 'c', 'd']) await s.put(key, 'x')
      const first = await list(s, { MaxKeys: 2 })
      await s.client.send(new DeleteObjectCommand({ Bucket: s.bucket, Key: s.key('b') }))
      await s.put('bb', 'x')
      const rest = await list(s, { ContinuationToken: first.NextContinuationToken })
      expect([...names(s, first), ...names(s, rest)]).toEqual(['a', 'b', 'bb', 'c', 'd'])
    },
  },
  {
    name: 'pages of odd keys: nothing is lost or told twice',
    async run(s) {
      const keys = ['&amp;', 'a b', 'a%2Fb', 'a+b', 'ä', '\uff5e', '\u{1f600}']
      for (const key of keys) await s.put(key, 'x')
      const all: string[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await list(s, { MaxKeys: 1, ContinuationToken })
        all.push(...names(s, page))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined && all.length < 20)
      expect(all).toEqual(keys)
    },
  },
  {
    name: 'a listing of no keys at most has none and an end',
    async run(s) {
      await s.put('a', 'x')
      const page = await list(s, { MaxKeys: 0 })
      expect([page.KeyCount, page.IsTruncated, page.Contents]).toEqual([0, false, undefined])
    },
  },
  {
    name: 'a listing encodes keys when it is asked to, and leaves slashes alone',
    async run(s) {
      await s.put('a b/ü+&', 'x')
      const { Contents, Prefix, EncodingType } = await list(s, { EncodingType: 'url', Prefix: 'a b/' })
      expect([EncodingType, Prefix]).toEqual(['url', encodeKey(s.key('a b/'))])
      const [key = ''] = (Contents ?? []).map(({ Key = '' }) => Key)
      expect([key.includes('/'), decodeURIComponent(key.replaceAll('+', ' '))]).toEqual([
        true,
        s.key('a b/ü+&'),
      ])
    },
  },
  {
    name: 'a listing names the owner only when it is asked to',
    async run(s) {
      await s.put('a', 'x')
      const [without, withOwner] = [await list(s, {}), await list(s, { FetchOwner: true })]
      expect(without.Contents?.[0]?.Owner).toBeUndefined()
      expect(withOwner.Contents?.[0]?.Owner?.ID).toEqual(expect.any(String))
    },
  },
  ...[
    { 'max-keys': '-1' },
    { 'max-keys': 'x' },
    { 'encoding-type': 'base64' },
    { 'continuation-token': 'no token' },
  ].map((query: Record<string, string>) => ({
    name: `a listing refuses ${JSON.stringify(query)}`,
    async run(s: Subject) {
      const answer = await s.signed({ path: `/${s.bucket}`, query: { 'list-type': '2', ...query } })
      expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
    },
  })),
]

async function list(s: Subject, { Prefix = '', StartAfter, ...input }: Input): Promise<ListObjectsV2Output> {
  return s.client.send(
    new ListObjectsV2Command({
      Bucket: s.bucket,
      Prefix: s.key(Prefix),
      ...(StartAfter !== undefined && { StartAfter: s.key(StartAfter) }),
      ...input,
    }),
  )
}

/** Keys and then common prefixes, without the case's own prefix. */
function names(s: Subject, { Contents = [], CommonPrefixes = [] }: ListObjectsV2Output): string[] {
  const all = [...Contents.map(({ Key = '' }) => Key), ...CommonPrefixes.map(({ Prefix = '' }) => Prefix)]
  return all.map((name) => name.slice(s.prefix.length))
}
