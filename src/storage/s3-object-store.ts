import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { Health } from '../circuit/health.ts'
import type {
  CallOptions,
  GetOptions,
  GetResult,
  ListedObject,
  ListOptions,
  ObjectFacts,
  ObjectStore,
  PutOptions,
  PutResult,
} from './object-store.ts'
import { type BrokenBody, readBody, readPage, toFacts } from './s3-answers.ts'
import { createCall, type S3Bucket, type SendOptions } from './s3-call.ts'
import { createS3Connection, encryptionHeaders, type S3Options, s3Defaults } from './s3-client.ts'
import { createS3Delete } from './s3-delete.ts'
import { brokenAnswer, isAbsent, isTaken, statusOf } from './s3-errors.ts'
import { checkKey, stampMetadata } from './stamp.ts'

/** A bucket behind the S3 protocol. */
export interface S3ObjectStore extends ObjectStore {
  /** For what else works on the same bucket over the same sockets: transfers, presigning. */
  readonly bucket: S3Bucket
  /** Whether the bucket answers, as all calls see it. */
  readonly health: Health
  /** How far the store's clock is ahead of ours, by its last answer; `undefined` before the first. */
  clockSkewMs(): number | undefined
  /** Ends all sockets; calls under way and later ones fail. */
  close(): void
}

/** The client side of S3: an `ObjectStore` over a real bucket. */
export function createS3ObjectStore(options: S3Options): S3ObjectStore {
  const { client, circuits, retries, clockSkewMs, close } = createS3Connection(options)
  const call = createCall(options.callTimeoutMs ?? s3Defaults.callTimeoutMs)
  const encryption = encryptionHeaders(options.encryption)
  const bucket = {
    client,
    call,
    mayRetry: () => retries.take(),
    name: options.bucket,
    encryption,
    clockSkewMs,
  }
  return {
    bucket,
    health: { circuits, retries },
    head: (key, options) => head(bucket, key, options),
    get: (key, options) => get(bucket, key, options),
    put: (key, bytes, options) => put(bucket, key, bytes, options),
    delete: createS3Delete(bucket),
    list: (prefix, options) => list(bucket, prefix, options),
    clockSkewMs,
    close,
  }
}

async function head(bucket: S3Bucket, key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
  checkKey(key)
  const command = new HeadObjectCommand({ Bucket: bucket.name, Key: key })
  return bucket.call(options, async (sdk) => {
    try {
      return toFacts(key, await bucket.client.send(command, sdk))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  })
}

async function get(bucket: S3Bucket, key: string, options: GetOptions = {}): Promise<GetResult> {
  checkKey(key)
  return bucket.call(options, async (sdk) => {
    const first = await fetchOnce(bucket, key, options, sdk)
    if (first.outcome !== 'broken') return first
    if (!bucket.mayRetry()) throw first.cause
    const second = await fetchOnce(bucket, key, options, sdk)
    if (second.outcome !== 'broken') return second
    throw second.cause
  })
}

async function fetchOnce(
  bucket: S3Bucket,
  key: string,
  { ifMatch, ifNoneMatch, maxBytes }: GetOptions,
  sdk: SendOptions,
): Promise<GetResult | BrokenBody> {
  const conditions = { IfMatch: ifMatch, IfNoneMatch: ifNoneMatch }
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: key,
    ...conditions,
    ChecksumMode: 'ENABLED',
  })
  try {
    const answer = await bucket.client.send(command, sdk)
    return await readBody(toFacts(key, answer), answer.Body, maxBytes)
  } catch (error) {
    if (isAbsent(error)) return { outcome: 'absent' }
    if (statusOf(error) === 412) return { outcome: 'changed' }
    if (statusOf(error) === 304) return { outcome: 'unchanged' }
    throw error
  }
}

async function put(
  bucket: S3Bucket,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<PutResult> {
  checkKey(key)
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: key,
    Body: bytes,
    ContentType: options.contentType,
    CacheControl: options.cacheControl,
    Metadata: stampMetadata(bytes, options.metadata),
    IfNoneMatch: options.ifNoneMatch,
    IfMatch: options.ifMatch,
    ...bucket.encryption,
  })
  return bucket.call(options, async (sdk) => {
    try {
      const { ETag: etag } = await bucket.client.send(command, sdk)
      if (etag === undefined) throw brokenAnswer('PutObject answered without ETag')
      return { outcome: 'stored', etag }
    } catch (error) {
      if (isConflict(error, options)) return { outcome: 'conflict' }
      throw error
    }
  })
}

async function* list(
  { client, name, call }: S3Bucket,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ListedObject> {
  let token: string | undefined
  do {
    const from = token === undefined ? { StartAfter: options.after } : { ContinuationToken: token }
    const command = new ListObjectsV2Command({ Bucket: name, Prefix: prefix, EncodingType: 'url', ...from })
    const page = await call(options, async (sdk) => readPage(await client.send(command, sdk)))
    options.onPage?.()
    yield* page.objects
    token = page.next
  } while (token !== undefined)
}

function isConflict(error: unknown, { ifMatch, ifNoneMatch }: PutOptions): boolean {
  if (ifMatch === undefined && ifNoneMatch === undefined) return false
  // 409: some stores send OperationAborted for the same.
  return isTaken(error) || (ifMatch !== undefined && isAbsent(error))
}
