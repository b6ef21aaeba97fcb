import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { takeTurn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { bareBucketJob } from './jobs.ts'

let store: S3ObjectStore | undefined

doJobs(bareBucketJob, async ({ bucket, keys, concurrency, seconds }) => {
  const opened = (store ??= createS3ObjectStore(bucket))
  return takeTurn({ concurrency, seconds, calls: Number.POSITIVE_INFINITY }, async (index) => {
    const { outcome } = await opened.get(keys[index % keys.length] ?? '')
    return outcome === 'found'
  })
})
