import {
  DeleteObjectCommand,
  ListObjectsCommand,
  type ListObjectsOutput,
  ListObjectsV2Command,
  type ListObjectsV2Output,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listPage, type Page } from '../../origin/store/list-page.ts'
import type { ObjectRecord } from '../../origin/store/object-record.ts'
import { OrderedIndex } from '../../origin/store/ordered-index.ts'
import { sendSigned } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin } from './start-test-origin.ts'

/** Few letters, so that prefixes and delimiters meet; two of them order otherwise in UTF-16 than in UTF-8. */
const LETTER = fc.constantFrom('a', 'b', '/', 'é', '\uff5e', '\u{1f600}')
const KEY = fc.array(LETTER, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const TEXT = fc.array(LETTER, { maxLength: 2 }).map((parts) => parts.join(''))

describe('the index and the listing against a sorted list', () => {
  test('all pages together are all keys and groups, each once and in order', () => {
    const arbitrary = fc.record({
      keys: fc.uniqueArray(KEY, { maxLength: 60 }),
      prefix: TEXT,
      delimiter: fc.constantFrom('', '/', 'a', 'ab', '\u{1f600}'),
      limit: fc.integer({ min: 1, max: 7 }),
      startAfter: fc.option(KEY, { nil: undefined }),
    })
    fc.assert(
      fc.property(arbitrary, ({ keys, prefix, delimiter, limit, startAfter }) => {
        const index = new OrderedIndex(keys.map(recordOf))
        const after = startAfter === undefined ? undefined : ({ kind: 'key', value: startAfter } as const)
        const pages: Page[] = []
        let next: Page['next'] = after
        do {
          const page = listPage(index, { prefix, delimiter, limit, after: next })
          pages.push(page)
          next = page.next
        } while (next !== undefined)
        const sizes = pages.map(({ records, prefixes }) => records.length + prefixes.length)
        expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true)
        const expected = model(keys, prefix, delimiter, startAfter)
        expect(pages.flatMap(({ records }) => records.map(({ key }) => key))).toEqual(expected.keys)
        expect(pages.flatMap(({ prefixes }) => prefixes)).toEqual(expected.groups)
      }),
      { numRuns: 500 },
    )
  })

  test('after any changes, over many blocks', () => {
    const change = fc.record({ key: fc.integer({ min: 0, max: 3000 }).map(String), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1500, maxLength: 5000 }), (changes) => {
        const index = new OrderedIndex<ObjectRecord>()
        const expected = new Set<string>()
        for (const { key, remove } of changes) {
          if (remove) {
            index.delete(key)
            expected.delete(key)
          } else {
            index.set(recordOf(key))
            expected.add(key)
          }
        }
        expect([...index.scan(() => false)].map(({ key }) => key)).toEqual([...expected].toSorted())
        expect(index.size).toBe(expected.size)
        for (const key of expected) expect(index.find(key)?.key).toBe(key)
      }),
      { numRuns: 10 },
    )
  })
})

describe('ListObjectsV2', () => {
  test('page by page through the SDK, counting common prefixes', async () => {
    const client = await clientWith(['a/1', 'a/2', 'b', 'c/1', 'c/2', 'd'])
    const pages: ListObjectsV2Output[] = []
    let token: string | undefined
    do {
      const input = { Bucket: BUCKET, Delimiter: '/', MaxKeys: 3, ContinuationToken: token }
      const page: ListObjectsV2Output = await client.send(new ListObjectsV2Command(input))
      pages.push(page)
      token = page.NextContinuationToken
    } while (token !== undefined)
    expect(pages.map(names)).toEqual([['b', 'a/', 'c/'], ['d']])
    expect(pages.map(({ KeyCount, IsTruncated }) => [KeyCount, IsTruncated])).toEqual([
      [3, true],
      [1, false],
    ])
  })

  test('goes on where it was though keys came and went', async () => {
    const client = await clientWith(['a', 'b', 'c', 'd'])
    const first = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 2 }))
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'b' }))
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'bb', Body: 'x' }))
    const rest = await client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: first.NextContinuationToken }),
    )
    expect([...names(first), ...names(rest)]).toEqual(['a', 'b', 'bb', 'c', 'd'])
  })

  test('says what was asked, with owner and encoding', async () => {
    const client = await clientWith(['p q/a+b/ü', 'p q/z'])
    const input = {
      Bucket: BUCKET,
      Prefix: 'p q/',
      Delimiter: '+',
      StartAfter: 'p',
      FetchOwner: true,
      EncodingType: 'url',
    } as const
    const page = await client.send(new ListObjectsV2Command(input))
    expect(page).toMatchObject({
      Prefix: 'p%20q/',
      Delimiter: '%2B',
      StartAfter: 'p',
      EncodingType: 'url',
      MaxKeys: 1000,
    })
    expect(names(page)).toEqual(['p%20q/z', 'p%20q/a%2B'])
    expect(page.Contents?.[0]?.Owner?.ID).toBe('origin')
  })

  test('max-keys 0 is an end, over 1,000 is 1,000', async () => {
    const client = await clientWith(['a'])
    const none = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 0 }))
    expect([none.IsTruncated, none.KeyCount]).toEqual([false, 0])
    expect((await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 5000 }))).MaxKeys).toBe(
      1000,
    )
  })

  test.each([
    { 'max-keys': '-1' },
    { 'max-keys': 'x' },
    { 'list-type': '1' },
    { 'encoding-type': 'base64' },
    { 'continuation-token': 'x' },
    { 'continuation-token': 'a2V5OmE=' },
  ])('refuses %j', async (query) => {
    const { url } = await startTestOrigin()
    const answer = await sendSigned({ url, path: `/${BUCKET}`, query: { 'list-type': '2', ...query } })
    expect(answer.code).toBe('InvalidArgument')
  })
})

describe('ListObjects, the first version', () => {
  test.each([
    { delimiter: '/', prefix: '' },
    { delimiter: '/', prefix: 'a/' },
    { delimiter: 'b', prefix: 'a' },
    { delimiter: '', prefix: '' },
  ])('page by page with $delimiter under $prefix: each once, in order', async ({ delimiter, prefix }) => {
    const keys = ['a/', 'a/1', 'a/b/1', 'a/b/2', 'ab', 'abb', 'b', 'c/1', 'c/2', 'c0', 'é/1', '\u{1f600}']
    const client = await clientWith(keys)
    const expected = model(keys, prefix, delimiter)
    for (const limit of [1, 2, 3, 1000]) {
      const pages: ListObjectsOutput[] = []
      let marker: string | undefined
      do {
        const input = { Bucket: BUCKET, Prefix: prefix, Delimiter: delimiter, MaxKeys: limit, Marker: marker }
        const page = await client.send(new ListObjectsCommand(input))
        pages.push(page)
        expect(page.NextMarker !== undefined).toBe(page.IsTruncated === true && delimiter !== '')
        marker = page.IsTruncated ? (page.NextMarker ?? page.Contents?.at(-1)?.Key) : undefined
      } while (marker !== undefined)
      expect(pages.flatMap(({ Contents = [] }) => Contents.map(({ Key }) => Key))).toEqual(expected.keys)
      const groups = pages.flatMap(({ CommonPrefixes = [] }) => CommonPrefixes.map(({ Prefix }) => Prefix))
      expect(groups).toEqual(expected.groups)
    }
  })

  test('says what was asked, with owner and encoding', async () => {
    const client = await clientWith(['p q/a+b/ü', 'p q/y', 'p q/z'])
    const input = { Bucket: BUCKET, Prefix: 'p q/', Delimiter: '+', Marker: 'p /', MaxKeys: 1 }
    const page = await client.send(new ListObjectsCommand({ ...input, EncodingType: 'url' }))
    expect(page).toMatchObject({
      Name: BUCKET,
      Prefix: 'p%20q/',
      Delimiter: '%2B',
      Marker: 'p%20/',
      NextMarker: 'p%20q/a%2B',
      MaxKeys: 1,
      EncodingType: 'url',
      IsTruncated: true,
      CommonPrefixes: [{ Prefix: 'p%20q/a%2B' }],
    })
    const rest = await client.send(new ListObjectsCommand({ Bucket: BUCKET, Marker: 'p q/y' }))
    expect(rest.Contents).toMatchObject([{ Key: 'p q/z', Size: 5, Owner: { ID: 'origin' } }])
  })

  test.each([{ 'max-keys': 'x' }, { 'encoding-type': 'base64' }])('refuses %j', async (query) => {
    const { url } = await startTestOrigin()
    expect((await sendSigned({ url, path: `/${BUCKET}`, query })).code).toBe('InvalidArgument')
  })

  test('does not know the parameters of the second', async () => {
    const { url } = await startTestOrigin()
    const answer = await sendSigned({ url, path: `/${BUCKET}`, query: { 'start-after': 'a' } })
    expect(answer.code).toBe('NotImplemented')
  })
})

function model(
  keys: readonly string[],
  prefix: string,
  delimiter: string,
  startAfter = '',
): { keys: string[]; groups: string[] } {
  const sorted = keys
    .filter((key) => key.startsWith(prefix) && compareBytes(key, startAfter) > 0)
    .toSorted(compareBytes)
  const groupOf = (key: string): string | undefined => {
    const [head = '', ...tail] = delimiter === '' ? [key] : key.slice(prefix.length).split(delimiter)
    return tail.length === 0 ? undefined : prefix + head + delimiter
  }
  return {
    keys: sorted.filter((key) => groupOf(key) === undefined),
    groups: [...new Set(sorted.map(groupOf).filter((group) => group !== undefined))],
  }
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

function recordOf(key: string): ObjectRecord {
  return { key, blob: '', bytes: 0, etag: '', lastModified: 0, headers: [] }
}

async function clientWith(keys: readonly string[]): Promise<S3Client> {
  const { url } = await startTestOrigin()
  const client = createClient(url)
  for (const key of keys) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }))
  return client
}

function names({ Contents = [], CommonPrefixes = [] }: ListObjectsV2Output): (string | undefined)[] {
  return [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)]
}
