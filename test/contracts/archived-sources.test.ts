import { PutObjectCommand, RestoreObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'
import { type Answer, failure, object, startScript } from '../storage/raw-server.ts'

/** A bucket with one source in it that is archived, and that can be restored. */
interface Archive {
  readonly store: S3ObjectStore
  readonly restore: () => Promise<void>
  readonly close: () => Promise<void>
}

interface Place {
  readonly name: string
  readonly open: (key: string, picture: Buffer) => Promise<Archive>
}

const STAND_IN: Place = {
  name: 'a stand-in that answers as S3 does',
  async open(key, picture) {
    let archived = true
    const found = object(picture)
    const answer: Answer = (request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://bucket')
      if (request.method === 'PUT') return response.writeHead(200, { etag: '"2"' }).end()
      if (pathname !== `/bucket/${key}`) return failure(404, 'NoSuchKey')(request, response)
      if (request.method === 'HEAD' || !archived) return found(request, response)
      return failure(403, 'InvalidObjectState')(request, response)
    }
    const bucket = await startScript([answer])
    return {
      store: bucket.store,
      restore: async () => {
        archived = false
      },
      close: async () => bucket[Symbol.asyncDispose](),
    }
  },
}

const PLACES: Place[] = [STAND_IN]

// Any other server, by hand: the same variables as for the contracts. The origin that ships archives nothing.
const { S3_TEST_ENDPOINT: endpoint, S3_TEST_BUCKET: Bucket = 'halftone-test' } = process.env
const archives = !(process.env['S3_TEST_LACKS'] ?? '').split(',').includes('archives')
if (endpoint !== undefined && archives) {
  PLACES.push({
    name: `S3, ${endpoint}`,
    async open(Key, picture) {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      const options = { endpoint, region: 'us-east-1', forcePathStyle: true, credentials }
      const client = new S3Client(options)
      await client.send(new PutObjectCommand({ Bucket, Key, Body: picture, StorageClass: 'GLACIER' }))
      const store = createS3ObjectStore({ ...options, bucket: Bucket })
      return {
        store,
        restore: async () => {
          await client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest: { Days: 1 } }))
        },
        close: async () => {
          await store.delete([Key])
          store.close()
          client.destroy()
        },
      }
    },
  })
}

describe.each(PLACES)('requirements: Storage – an archived source on $name', ({ open }) => {
  const key = `photos/${randomBytes(6).toString('hex')}.jpg`
  let archive: Archive
  let gateway: TestGateway

  beforeAll(async () => {
    archive = await open(key, await plainJpeg('#ff0000'))
    gateway = await createTestGateway({ store: archive.store })
  })
  afterAll(async () => {
    await gateway.close()
    await archive.close()
  })

  const look = () => gateway.fetch(`/img/${key}/320.webp`)

  test('is a verdict and no failure of ours, and is shown once it is restored', async () => {
    for (let view = 0; view < 2; view += 1) {
      const answer = await look()
      expect(await answer.json()).toMatchObject({ status: 415, code: 'source_archived' })
      expect(answer.headers.get('cache-control')).toBe('public, max-age=10, s-maxage=60')
      expect(answer.headers.get('x-amz-meta-cache-tag')).not.toBeNull()
    }
    await archive.restore()
    const answer = await look()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('image/webp')
  })
})
