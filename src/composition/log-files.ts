import { type Config, ConfigError } from '../config.ts'
import { type LogFile, logFilesIn, logFilesOf } from '../traffic/log-files.ts'
import type { S3ObjectStore } from '../storage/s3-object-store.ts'
import { createS3Download } from '../transfers/s3-download.ts'
import { openBucket } from './bucket.ts'

const BUCKET_PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/

/**
 * Does something with the log files at all these places: files and folders of this machine, or `s3://bucket/prefix`.
 * Lets go of the buckets' sockets afterwards.
 */
export async function useLogFiles<T>(
  config: Config,
  places: readonly string[],
  work: (files: AsyncGenerator<LogFile>) => Promise<T>,
): Promise<T> {
  const stores: S3ObjectStore[] = []
  try {
    return await work(openAll(config, places, stores))
  } finally {
    for (const store of stores) store.close()
  }
}

async function* openAll(
  config: Config,
  places: readonly string[],
  stores: S3ObjectStore[],
): AsyncGenerator<LogFile> {
  for (const place of places) {
    const [, bucket, prefix = ''] = BUCKET_PLACE.exec(place) ?? []
    if (bucket !== undefined) {
      const store = openBucket(config, bucket, { isPatient: true })
      stores.push(store)
      yield* logFilesOf({ ...store, download: createS3Download(store.bucket) }, prefix)
    } else if (place.startsWith('s3:')) {
      throw new ConfigError(`${place}: accepted is s3://bucket/prefix`)
    } else {
      yield* filesOfDisk(place)
    }
  }
}

async function* filesOfDisk(path: string): AsyncGenerator<LogFile> {
  try {
    yield* logFilesIn(path)
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new ConfigError(`${path}: cannot be read (${cause.message})`, { cause })
  }
}
