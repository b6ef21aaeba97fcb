import { type Config, ConfigError } from '../config.ts'
import { type LogFile, logFilesIn, logFilesOf } from '../traffic/log-files.ts'
import { createS3Download } from '../transfers/s3-download.ts'
import { openBucket } from './bucket.ts'

const BUCKET_PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/

/** The log files at all these places: files and folders of this machine, or `s3://bucket/prefix`. */
export async function* openLogFiles(config: Config, places: readonly string[]): AsyncGenerator<LogFile> {
  for (const place of places) {
    const [, bucket, prefix = ''] = BUCKET_PLACE.exec(place) ?? []
    if (bucket !== undefined) yield* filesOfBucket(config, bucket, prefix)
    else if (place.startsWith('s3:')) throw new ConfigError(`${place}: accepted is s3://bucket/prefix`)
    else yield* filesOfDisk(place)
  }
}

async function* filesOfBucket(config: Config, bucket: string, prefix: string): AsyncGenerator<LogFile> {
  const store = openBucket(config, bucket)
  try {
    const download = createS3Download(store.bucket)
    yield* logFilesOf({ list: (text, options) => store.list(text, options), download }, prefix)
  } finally {
    store.close()
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
