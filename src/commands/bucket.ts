import { existsSync, readFileSync } from 'node:fs'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { openBucket } from '../composition/bucket.ts'
import type { S3ObjectStore } from '../storage/s3-object-store.ts'
import { localBucket, secretsFile } from '../running/local-origin.ts'

/** The configuration with the bucket in it that a command works on: the one named, else the one that `npm start` made. */
export function withBucket(config: Config): Config & { HALFTONE_BUCKET: string } {
  const { HALFTONE_BUCKET } = config
  if (HALFTONE_BUCKET !== undefined) return { ...config, HALFTONE_BUCKET }
  const file = secretsFile(config)
  if (!existsSync(file)) {
    throw new ConfigError(
      `HALFTONE_BUCKET: name a bucket, or run "npm start" first: there is no local one under ${config.HALFTONE_DATA_DIR}`,
    )
  }
  const url = `http://127.0.0.1:${config.ORIGIN_PORT}`
  const variables = localBucket(url, readFileSync(file, 'utf8'))
  return { ...readConfig(variables), HALFTONE_BUCKET: variables.HALFTONE_BUCKET }
}

/** Does something with the bucket, and lets go of its sockets afterwards. */
export async function useBucket<T>(
  config: Config & { HALFTONE_BUCKET: string },
  work: (store: S3ObjectStore) => Promise<T>,
): Promise<T> {
  const store = openBucket(config, config.HALFTONE_BUCKET, { isPatient: true })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}

/** Text with names out of a bucket, fit for a terminal: a key may have any characters, those that steer it included. */
export function printable(text: string): string {
  return text.replace(/[^\P{Control}\n]/gu, '\ufffd')
}
