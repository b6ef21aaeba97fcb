import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { compareUtf8 } from '../../origin/store/compare-utf8.ts'
import { sendSigned } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const ODD_KEYS = [
  'plain',
  'x'.repeat(300),
  `${'y'.repeat(300)}/${'z'.repeat(300)}`,
  '\u{1f642}'.repeat(256),
  '..',
  '../../escape',
  './a',
  'a/../b',
  '.',
  '/leading',
  'trailing/',
  '//',
  'double//slash',
  'a',
  'a/b',
  'a/b/',
  'line\nbreak',
  'tab\tand\rreturn',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'emoji \u{1f600}\ufe0f',
  'e\u0301',
  '\u00e9',
  '\uffee',
  ' blank ',
  '100%',
  '%2F',
  'a+b c',
  'quote\'"<>&;',
  'back\\slash',
  'question?mark#hash',
  '-',
  '\u0001',
  '\u007f',
]

describe('a key of any shape', () => {
  test('is stored, listed, copied and removed as itself', async () => {
    const root = temporaryDirectory()
    const directory = join(root, 'outer', 'inner')
    const { url } = await startTestOrigin({ directory })
    const client = createClient(url)
    for (const key of ODD_KEYS)
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: `body of ${key}` }))
    expect((await listUrl(url)).toSorted(compareUtf8)).toEqual(ODD_KEYS.toSorted(compareUtf8))
    for (const key of ODD_KEYS) {
      const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
      expect(await got.Body?.transformToString()).toBe(`body of ${key}`)
    }
    const source = `${BUCKET}/${encodeURIComponent('a/../b')}`
    await client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy/..', CopySource: source }))
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'copy/..' }))
    const Objects = ODD_KEYS.map((Key) => ({ Key }))
    const removed = await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
    expect(removed.Deleted?.map(({ Key }) => Key).toSorted()).toEqual(ODD_KEYS.toSorted())
    expect(await listUrl(url)).toEqual([])
    expect([readdirSync(root), readdirSync(join(root, 'outer'))]).toEqual([['outer'], ['inner']])
  })

  test('one of 1,024 bytes is the longest', async () => {
    const { url } = await startTestOrigin()
    const put = async (key: string): Promise<string | undefined> =>
      (await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${encodeURIComponent(key)}` })).code
    expect(await put('\u00e9'.repeat(512))).toBeUndefined()
    expect(await put(`${'\u00e9'.repeat(512)}x`)).toBe('KeyTooLongError')
  })

  test('a listing by the SDK has line breaks and entities unharmed', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url)
    const keys = ['a\nb', 'a\rb', '&amp;', '<&>"\'']
    for (const key of keys) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'x' }))
    const listed = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(keys.toSorted())
  })
})

async function listUrl(url: string): Promise<string[]> {
  const query = { 'list-type': '2', 'encoding-type': 'url' }
  const { body } = await sendSigned({ url, path: `/${BUCKET}`, query })
  return [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => decodeURIComponent(key))
}
