import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import { createOrigin, type Origin, type OriginOptions } from '../../origin/create-origin.ts'

export const ACCESS_KEY = 'TESTKEY'
export const SECRET = 'test-secret-0123456789'
export const OTHER_KEY = 'OTHERKEY'
export const OTHER_SECRET = 'other-secret-0123456789'
export const BUCKET = 'pictures'

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'origin-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** An origin in this process with the bucket `pictures`, stopped after the test. */
export async function startTestOrigin(options: Partial<OriginOptions> = {}): Promise<Origin> {
  const origin = await createOrigin({
    directory: options.directory ?? temporaryDirectory(),
    port: 0,
    credentials: new Map([
      [ACCESS_KEY, SECRET],
      [OTHER_KEY, OTHER_SECRET],
    ]),
    buckets: [BUCKET],
    graceMs: 2000,
    ...options,
  })
  onTestFinished(() => origin.close())
  return origin
}

/** The SDK's client for an origin, as most programs configure it. */
export function createClient(url: string, options: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: url,
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
    maxAttempts: 1,
    ...options,
  })
  onTestFinished(() => client.destroy())
  return client
}
