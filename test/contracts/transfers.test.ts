import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { createMemoryTransfers } from '../../src/transfers/memory-transfers.ts'
import { createS3Multiparts } from '../../src/transfers/s3-multiparts.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import { createS3Transfers } from '../../src/transfers/s3-transfers.ts'
import { startOrigin } from '../support/s3-server.ts'
import { describeMultiparts } from './multiparts.ts'
import { type Bucket, describeTransfers, type SentPart, type TransfersUnderTest } from './transfers.ts'

function describeBoth(subject: TransfersUnderTest): void {
  describeTransfers(subject)
  describeMultiparts(subject)
}

describeBoth({
  name: 'in memory',
  open: async () => {
    const store = createMemoryObjectStore()
    const multiparts = createMemoryMultiparts(store)
    return {
      store,
      transfers: createMemoryTransfers(store),
      multiparts,
      sendPart: async ({ uploadId, partNumber, bytes }) => {
        const etag = multiparts.sendPart(uploadId, partNumber, bytes)
        if (etag === undefined) throw new Error('There is no such upload')
        return etag
      },
      close: async () => {},
    }
  },
})

function onS3(store: S3ObjectStore, stop: () => Promise<void>): Bucket {
  const presigner = createS3Presigner(store.bucket)
  return {
    store,
    transfers: createS3Transfers(store.bucket, {
      onAbandoned: ({ cause }) => {
        throw cause
      },
    }),
    multiparts: createS3Multiparts(store.bucket),
    sendPart: async ({ bytes, ...part }: SentPart) => {
      const signed = await presigner.part({ ...part, bytes: bytes.length, expiresInS: 60 })
      const answer = await fetch(signed.url, {
        method: 'PUT',
        headers: signed.headers,
        body: new Uint8Array(bytes),
      })
      if (!answer.ok) throw new Error(await answer.text())
      return answer.headers.get('etag') ?? ''
    },
    close: async () => {
      store.close()
      await stop()
    },
  }
}

describeBoth({
  name: 'S3, the origin that ships',
  open: async () => {
    const origin = await startOrigin()
    const store = createS3ObjectStore({
      endpoint: origin.url,
      bucket: origin.bucket,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: origin,
    })
    return onS3(store, () => origin.stop())
  },
})

// Any other server: S3_TEST_ENDPOINT, an existing S3_TEST_BUCKET, and in S3_TEST_LACKS what it cannot do.
const { S3_TEST_ENDPOINT: endpoint, S3_TEST_BUCKET: bucket = 'halftone-test' } = process.env
if (endpoint !== undefined) {
  describeBoth({
    name: `S3, ${endpoint}`,
    lacks: (process.env['S3_TEST_LACKS'] ?? '').split(','),
    open: async () => {
      const {
        S3_TEST_ACCESS_KEY_ID: accessKeyId = 'test',
        S3_TEST_SECRET_ACCESS_KEY: secretAccessKey = 'test',
      } = process.env
      const store = createS3ObjectStore({
        endpoint,
        bucket,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      })
      return onS3(store, async () => {})
    },
  })
}
