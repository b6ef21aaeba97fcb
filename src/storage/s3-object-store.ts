import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
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
import { readBody, readPage, toFacts } from './s3-answers.ts'
import { createCall, type SendOptions } from './s3-call.ts'
import { createS3Connection, type S3Options, s3Defaults } from './s3-client.ts'
import { createS3Delete } from './s3-delete.ts'
import { brokenAnswer, isAbsent, statusOf } from './s3-errors.ts'
import { checkKey, stampMetadata } from './stamp.ts'

/** A bucket behind the S3 protocol. */
export interface S3ObjectStore extends ObjectStore {
  /** How far the store's clock is ahead of ours, by its last answer; `undefined` before the first. */
  clockSkewMs(): number | undefined
  /** Ends all sockets; calls under way and later ones fail. */
  close(): void
}

/** The client side of S3: an `ObjectStore` over a real bucket. */
export function createS3ObjectStore(options: S3Options): S3ObjectStore {
  const { client, clockSkewMs, close } = createS3Connection(options)
  const { bucket: Bucket, callTimeoutMs = s3Defaults.callTimeoutMs } = options
  const call = createCall(callTimeoutMs)

  async function head(Key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    checkKey(Key)
    return call(options, async (sdk) => {
      try {
        return toFacts(Key, await client.send(new HeadObjectCommand({ Bucket, Key }), sdk))
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })
  }

  async function get(key: string, options: GetOptions = {}): Promise<GetResult> {
    checkKey(key)
    return call(options, async (sdk) => {
      const first = await fetchOnce(key, options, sdk)
      if (first.outcome !== 'broken') return first
      const second = await fetchOnce(key, options, sdk)
      if (second.outcome !== 'broken') return second
      throw second.cause
    })
  }

  async function fetchOnce(Key: string, options: GetOptions, sdk: SendOptions) {
    const { ifMatch: IfMatch, ifNoneMatch: IfNoneMatch, maxBytes } = options
    const command = new GetObjectCommand({ Bucket, Key, IfMatch, IfNoneMatch, ChecksumMode: 'ENABLED' })
    try {
      const answer = await client.send(command, sdk)
      return await readBody(toFacts(Key, answer), answer.Body, maxBytes)
    } catch (error) {
      const status = statusOf(error)
      if (isAbsent(error)) return { outcome: 'absent' } as const
      if (status === 412) return { outcome: 'changed' } as const
      if (status === 304) return { outcome: 'unchanged' } as const
      throw error
    }
  }

  async function put(Key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult> {
    checkKey(Key)
    const command = new PutObjectCommand({
      Bucket,
      Key,
      Body: bytes,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      Metadata: stampMetadata(bytes, options.metadata),
      IfNoneMatch: options.ifNoneMatch,
      IfMatch: options.ifMatch,
    })
    return call(options, async (sdk) => {
      try {
        const { ETag: etag } = await client.send(command, sdk)
        if (etag === undefined) throw brokenAnswer('PutObject answered without ETag')
        return { outcome: 'stored', etag }
      } catch (error) {
        if (isConflict(error, options)) return { outcome: 'conflict' }
        throw error
      }
    })
  }

  async function* list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListedObject> {
    let ContinuationToken: string | undefined
    do {
      const input = { Bucket, Prefix: prefix, EncodingType: 'url', ContinuationToken } as const
      const page = await call(options, async (sdk) =>
        readPage(await client.send(new ListObjectsV2Command(input), sdk)),
      )
      options.onPage?.()
      yield* page.objects
      ContinuationToken = page.next
    } while (ContinuationToken !== undefined)
  }

  return { head, get, put, delete: createS3Delete(client, Bucket, call), list, clockSkewMs, close }
}

function isConflict(error: unknown, { ifMatch, ifNoneMatch }: PutOptions): boolean {
  if (ifMatch === undefined && ifNoneMatch === undefined) return false
  const status = statusOf(error)
  // 409: another writer is at it. Some stores send OperationAborted for the same.
  return status === 412 || status === 409 || (ifMatch !== undefined && isAbsent(error))
}
