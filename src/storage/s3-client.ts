import { S3Client } from '@aws-sdk/client-s3'
import { UndiciHttpHandler } from '@smithy/undici-http-handler'
import { Agent, type Dispatcher } from 'undici'
import type { EncryptionHeaders } from './s3-call.ts'

/** How to reach a bucket. Everything but the bucket has a default. */
export interface S3Options {
  readonly bucket: string
  /** By default what the SDK finds in the environment and its configuration files. */
  readonly region?: string | undefined
  /** By default AWS. */
  readonly endpoint?: string | undefined
  /** By default the SDK's chain: environment, configuration files, container and instance roles. */
  readonly credentials?: S3Credentials | undefined
  readonly forcePathStyle?: boolean
  /** Sockets at most. */
  readonly connections?: number
  /** How long an idle socket is kept. */
  readonly keepAliveMs?: number
  readonly connectTimeoutMs?: number
  /** From the request to the head of its answer. */
  readonly headersTimeoutMs?: number
  /** Between two pieces of a body. */
  readonly bodyTimeoutMs?: number
  /** A whole call, with its retries. */
  readonly callTimeoutMs?: number
  /** The first included. */
  readonly maxAttempts?: number
  /** What every write asks for; by default nothing: the bucket's own setting holds. */
  readonly encryption?: Encryption | undefined
}

/** Encryption at rest: with keys of the store, or of a key service, where no id means the key that is kept for S3. */
export type Encryption = { readonly by: 's3' } | { readonly by: 'kms'; readonly keyId?: string | undefined }

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What holds where `S3Options` says nothing. */
export const s3Defaults = {
  forcePathStyle: false,
  connections: 128,
  keepAliveMs: 10_000,
  connectTimeoutMs: 2_000,
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  callTimeoutMs: 10_000,
  maxAttempts: 3,
} as const

/** A client of the SDK with sockets of its own. */
export interface S3Connection {
  readonly client: S3Client
  /** How far the store's clock is ahead of ours, by its last answer. */
  readonly clockSkewMs: () => number | undefined
  /** Ends all sockets; later calls fail. */
  readonly close: () => void
}

/** What every write of a bucket carries. */
export function encryptionHeaders(encryption: Encryption | undefined): EncryptionHeaders {
  if (encryption === undefined) return {}
  if (encryption.by === 's3') return { ServerSideEncryption: 'AES256' }
  const { keyId } = encryption
  // With a key of the bucket, objects do not each ask the key service.
  return {
    ServerSideEncryption: 'aws:kms',
    BucketKeyEnabled: true,
    ...(keyId !== undefined && { SSEKMSKeyId: keyId }),
  }
}

/** Connects to nothing yet: sockets and credentials come with the first call. */
export function createS3Connection(options: S3Options): S3Connection {
  const settings = { ...s3Defaults, ...options }
  const agent = new Agent({
    connections: settings.connections,
    pipelining: 1,
    keepAliveTimeout: settings.keepAliveMs,
    connect: { timeout: settings.connectTimeoutMs },
    headersTimeout: settings.headersTimeoutMs,
    bodyTimeout: settings.bodyTimeoutMs,
  })
  const handler = new ClockedHandler({ dispatcher: agent.compose(keepAfterHead) })
  const client = new S3Client({
    requestHandler: handler,
    forcePathStyle: settings.forcePathStyle,
    maxAttempts: settings.maxAttempts,
    retryMode: 'standard',
    // Checksums in trailers break many stores; our own is in the metadata of every object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Given as undefined these would hide what the SDK finds by itself.
    ...(options.region !== undefined && { region: options.region }),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: { ...options.credentials } }),
  })
  return {
    client,
    clockSkewMs: () => handler.skewMs,
    // Not client.destroy(): after it the handler would go on with undici's global dispatcher, which has no timeouts.
    close: () => agent.destroy(() => {}),
  }
}

/** undici gives up a connection after a HEAD, for servers that answer one with a body; no store of S3 does. */
const keepAfterHead: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options.method === 'HEAD' ? { ...options, reset: false } : options, handler)

/** Notes the difference of the clocks from the `Date` of each answer. */
class ClockedHandler extends UndiciHttpHandler {
  skewMs: number | undefined

  override async handle(...request: Parameters<UndiciHttpHandler['handle']>) {
    const sentAt = Date.now()
    const answer = await super.handle(...request)
    const date = Date.parse(answer.response.headers['date'] ?? '')
    // A Date is cut to whole seconds: on average it is half a second old.
    if (!Number.isNaN(date)) this.skewMs = Math.round(date + 500 - (sentAt + Date.now()) / 2)
    return answer
  }
}
