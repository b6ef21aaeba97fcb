import { EventEmitter, once } from 'node:events'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { NODE_FILES } from '../../origin/store/files.ts'
import { sendSigned } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

describe('buckets', () => {
  test('are made, listed, found, and removed when empty; a restart keeps them', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    const client = createClient(first.url)
    await client.send(new CreateBucketCommand({ Bucket: 'another' }))
    await client.send(new CreateBucketCommand({ Bucket: 'another' }))
    const { Buckets } = await client.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['another', BUCKET])
    await client.send(new PutObjectCommand({ Bucket: 'another', Key: 'a', Body: 'x' }))
    await expect(client.send(new DeleteBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    })
    await client.send(new DeleteObjectCommand({ Bucket: 'another', Key: 'a' }))
    await client.send(new DeleteBucketCommand({ Bucket: 'another' }))
    await expect(client.send(new DeleteBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    })
    await first.close()

    const second = createClient((await startTestOrigin({ directory })).url)
    const kept = await second.send(new ListBucketsCommand({}))
    expect(kept.Buckets).toEqual(Buckets?.slice(1))
    await expect(second.send(new HeadBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject({
      name: 'NotFound',
    })
  })

  test('a bucket is removed, or written to, but not both', async () => {
    const { url } = await startTestOrigin()
    for (let round = 0; round < 10; round += 1) {
      const path = `/round-${round}`
      await sendSigned({ url, method: 'PUT', path })
      const [put, removed] = await Promise.all([
        sendSigned({ url, method: 'PUT', path: `${path}/key`, body: 'x' }),
        sendSigned({ url, method: 'DELETE', path }),
      ])
      const got = await sendSigned({ url, path: `${path}/key` })
      const written = put.status === 200
      const codes = [put.code, removed.code, got.code]
      expect(codes).toEqual(
        written ? [undefined, 'BucketNotEmpty', undefined] : ['NoSuchBucket', undefined, 'NoSuchBucket'],
      )
    }
  })

  test('a bucket with a write under way is not removed', async () => {
    const held = withResolvers()
    const reached = withResolvers()
    const rename: typeof NODE_FILES.rename = async (from, to) => {
      if (String(to).includes('meta')) {
        reached.resolve()
        await held.promise
      }
      return NODE_FILES.rename(from, to)
    }
    const { url } = await startTestOrigin({ files: { ...NODE_FILES, rename } })
    const put = sendSigned({ url, method: 'PUT', path: `/${BUCKET}/a`, body: 'x' })
    await reached.promise
    expect((await sendSigned({ url, method: 'DELETE', path: `/${BUCKET}` })).code).toBe('BucketNotEmpty')
    held.resolve()
    expect((await put).status).toBe(200)
    expect((await sendSigned({ url, path: `/${BUCKET}/a` })).body.toString()).toBe('x')
  })

  test.each(['ab', 'UPPER', 'a_b', 'a..b', '.ab', 'ab-', '192.168.0.1', 'x'.repeat(64), '..'])(
    '%s is no name',
    async (name) => {
      const { url } = await startTestOrigin()
      expect((await sendSigned({ url, method: 'PUT', path: `/${name}` })).code).toBe('InvalidBucketName')
    },
  )

  test.each(['GET', 'PUT', 'DELETE'])('%s in a bucket that is not there', async (method) => {
    const { url } = await startTestOrigin()
    expect((await sendSigned({ url, method, path: '/no-such-bucket/a' })).code).toBe('NoSuchBucket')
  })

  test('the region: said by location and head, empty for us-east-1, and the only one', async () => {
    const west = await startTestOrigin({ region: 'eu-west-1' })
    const client = createClient(west.url, { region: 'eu-west-1' })
    expect((await client.send(new GetBucketLocationCommand({ Bucket: BUCKET }))).LocationConstraint).toBe(
      'eu-west-1',
    )
    expect((await client.send(new HeadBucketCommand({ Bucket: BUCKET }))).BucketRegion).toBe('eu-west-1')
    await expect(client.send(new CreateBucketCommand({ Bucket: BUCKET }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    })
    const elsewhere = {
      Bucket: 'elsewhere',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    } as const
    await expect(client.send(new CreateBucketCommand(elsewhere))).rejects.toMatchObject({
      name: 'IllegalLocationConstraintException',
    })
    const east = await startTestOrigin()
    const location = await createClient(east.url).send(new GetBucketLocationCommand({ Bucket: BUCKET }))
    expect(location.LocationConstraint).toBeUndefined()
  })

  test('an empty configuration is none', async () => {
    const { url } = await startTestOrigin()
    const body = '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
    expect((await sendSigned({ url, method: 'PUT', path: '/made', body })).status).toBe(200)
  })
})

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  const emitter = new EventEmitter()
  return { promise: once(emitter, 'done').then(() => undefined), resolve: () => void emitter.emit('done') }
}
