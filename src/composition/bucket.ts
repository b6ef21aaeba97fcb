import type { Config } from '../config.ts'
import type { S3Options } from '../storage/s3-client.ts'
import { createS3ObjectStore, type S3ObjectStore } from '../storage/s3-object-store.ts'

/** The bucket that the configuration names, as a store. */
export function openBucket(
  config: Config,
  bucket: string,
  options: Pick<S3Options, 'isPatient' | 'onTurn'> = {},
): S3ObjectStore {
  return createS3ObjectStore({ ...s3OptionsOf(config, bucket), ...options })
}

/** How the configuration says that a bucket is reached. */
export function s3OptionsOf(config: Config, bucket: string): S3Options {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = config
  const { AWS_SESSION_TOKEN: sessionToken, AWS_ENDPOINT_URL_S3: endpoint } = config
  return {
    bucket,
    region: config.AWS_REGION,
    endpoint,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined
        ? { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
        : undefined,
    // Only AWS itself gives every bucket a host name of its own.
    forcePathStyle: config.HALFTONE_S3_FORCE_PATH_STYLE ?? endpoint !== undefined,
    connections: config.HALFTONE_S3_CONNECTIONS,
    headersTimeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    bodyTimeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    maxAttempts: config.HALFTONE_S3_ATTEMPTS,
    encryption: encryptionOf(config),
  }
}

function encryptionOf({
  HALFTONE_S3_SSE: by,
  HALFTONE_S3_KMS_KEY_ID: keyId,
}: Config): S3Options['encryption'] {
  if (by === 'none') return undefined
  return by === 's3' ? { by } : { by, keyId }
}
