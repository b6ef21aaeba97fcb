import { onTestFinished } from 'vitest'
import type { S3Options } from '../../src/storage/s3-client.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { ACCESS_KEY, BUCKET, SECRET, startTestOrigin } from '../origin/start-test-origin.ts'

/** An empty bucket on an origin of its own, both gone after the test. */
export async function startBucket(options: Partial<S3Options> = {}) {
  const { url } = await startTestOrigin()
  const store = createS3ObjectStore({
    bucket: BUCKET,
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
    ...options,
  })
  onTestFinished(() => store.close())
  return { url, store, bucket: store.bucket }
}
