import { expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { probeConditionalWrites, probeStore } from '../../src/storage/probe.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { describeObjectStore } from './object-store.ts'

describeObjectStore({
  name: 'in memory',
  open: async () => ({ store: createMemoryObjectStore(), close: async () => {} }),
})

const storeOn = (origin: RunningOrigin) =>
  createS3ObjectStore({
    endpoint: origin.url,
    bucket: origin.bucket,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: origin,
  })

describeObjectStore({
  name: 'S3, the origin that ships',
  open: async () => {
    const origin = await startOrigin()
    const store = storeOn(origin)
    return {
      store,
      close: async () => {
        store.close()
        await origin.stop()
      },
    }
  },
})

test('S3: a store that crashed is unreachable, and itself again when it is back', async () => {
  const origin = await startOrigin()
  const store = storeOn(origin)
  try {
    await store.put('kept.jpg', Buffer.from('kept'), { contentType: 'image/jpeg' })
    await origin.kill()
    await expect(store.get('kept.jpg')).rejects.toMatchObject({ code: 'bucket_unreachable' })
    await origin.restart()
    expect(await store.get('kept.jpg')).toMatchObject({
      outcome: 'found',
      object: { body: Buffer.from('kept') },
    })
    const findings = [...(await probeStore(store)), ...(await probeConditionalWrites(store))]
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
  } finally {
    store.close()
    await origin.stop()
  }
})

// Any other server, by hand: S3_TEST_ENDPOINT, an existing S3_TEST_BUCKET, and in S3_TEST_LACKS what it cannot do.
const { S3_TEST_ENDPOINT: endpoint, S3_TEST_BUCKET: bucket = 'halftone-test' } = process.env
if (endpoint !== undefined) {
  describeObjectStore({
    name: `S3, ${endpoint}`,
    lacks: (process.env['S3_TEST_LACKS'] ?? '').split(','),
    open: async () => {
      const {
        S3_TEST_ACCESS_KEY_ID: accessKeyId = 'test',
        S3_TEST_SECRET_ACCESS_KEY: secretAccessKey = 'test',
      } = process.env
      const credentials = { accessKeyId, secretAccessKey }
      const store = createS3ObjectStore({
        endpoint,
        bucket,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials,
      })
      return { store, close: async () => store.close() }
    },
  })
}
