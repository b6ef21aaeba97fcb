import { join, resolve } from 'node:path'

export const COMPOSE_FILE = 'docker-compose.localstack.yml'
export const BUCKET = 'halftone'

/** What the seed in `deploy/localstack/ready.d` gives. */
export const DISTRIBUTION_ID = 'U71HFE86Y5R21'

/** Pages that may upload. */
export const ORIGINS = ['http://127.0.0.1:8080', 'http://localhost:8080']

/** Where the stand-ins for S3 and CloudFront's API are. */
export interface StorageSettings {
  /** Of LocalStack, here and in the compose file. */
  readonly port: number
  /** Of moto, which stands in for CloudFront's API. */
  readonly cdnPort: number
  readonly url: string
  readonly cdnUrl: string
  /** For programs, their logs and the ids of their processes, when there is no Docker. */
  readonly directory: string
  /** What leads a gateway to all of it. */
  readonly variables: Readonly<Record<string, string>>
}

/** What the user has to know or do; shown without a trace of the stack. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError'
}

/** A program cannot be had on this machine. */
export class NotInstallable extends StorageError {
  override readonly name = 'NotInstallable'
}

/** Reads `STORAGE_PORT`, `STORAGE_CDN_PORT` and `HALFTONE_DATA_DIR`; a `StorageError` names what is accepted. */
export function readSettings(environment: NodeJS.ProcessEnv): StorageSettings {
  const port = portOf(environment, 'STORAGE_PORT', 4566)
  const cdnPort = portOf(environment, 'STORAGE_CDN_PORT', 4567)
  const [url, cdnUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${cdnPort}`] as const
  return {
    port,
    cdnPort,
    url,
    cdnUrl,
    directory: resolve(join(environment['HALFTONE_DATA_DIR'] ?? 'data', 'localstack')),
    variables: {
      HALFTONE_BUCKET: BUCKET,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      HALFTONE_S3_FORCE_PATH_STYLE: 'true',
      HALFTONE_CLOUDFRONT_ENDPOINT: cdnUrl,
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION_ID,
    },
  }
}

function portOf(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = environment[name] ?? `${fallback}`
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= 65_535) return value
  throw new StorageError(`${name}=${text}: accepted is a port from 1 to 65535`)
}
