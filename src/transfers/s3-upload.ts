import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { inFlight } from '../storage/batches.ts'
import type { S3Bucket } from '../storage/s3-call.ts'
import { brokenAnswer, isTaken } from '../storage/s3-errors.ts'
import { checkKey, stampMetadata, stampUnread } from '../storage/stamp.ts'
import { checkLimits, partsOf } from './parts-of.ts'
import { abortMultipart, beginMultipart, completeMultipart } from './s3-multiparts.ts'
import type { Part, Transfers, UploadOptions } from './transfers.ts'
import { commandHeaders, quoted } from './write-headers.ts'

const MB = 1024 * 1024
/** From here on an upload goes in parts. */
const multipartFrom = 5 * MB
const partBytes = 8 * MB
const partsAtOnce = 3

/** Told of a multipart upload that could not be aborted: its parts stay until the bucket's lifecycle removes them. */
export type OnAbandoned = (upload: { key: string; uploadId: string; cause: unknown }) => void

type Stored = Awaited<ReturnType<Transfers['upload']>>

/** One upload as its steps see it. */
interface Upload {
  readonly bucket: S3Bucket
  readonly key: string
  readonly options: UploadOptions
  /** Ends every call when one has failed, or the caller leaves. */
  readonly signal: AbortSignal
}

/** The `upload` of a bucket. At most three parts of a stream are in memory: on their way, or being filled. */
export function createS3Upload(bucket: S3Bucket, onAbandoned: OnAbandoned): Transfers['upload'] {
  return async function upload(key, body, options) {
    checkKey(key)
    // Metadata that cannot be stored is found before a byte is read.
    stampUnread(options.metadata)
    const stop = new AbortController()
    const fail = (reason: unknown) => {
      stop.abort(reason)
      body.destroy(reason instanceof Error ? reason : new Error('The upload was given up', { cause: reason }))
    }
    const leave = () => fail(options.signal?.reason)
    options.signal?.addEventListener('abort', leave, { once: true })
    try {
      options.signal?.throwIfAborted()
      checkLimits(options)
      return await store({ bucket, key, options, signal: stop.signal }, body, { fail, onAbandoned })
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error
    } finally {
      options.signal?.removeEventListener('abort', leave)
      body.destroy()
    }
  }
}

interface Hooks {
  readonly fail: (reason: unknown) => void
  readonly onAbandoned: OnAbandoned
}

async function store(upload: Upload, body: Readable, hooks: Hooks): Promise<Stored> {
  const parts = partsOf(body, partBytes, upload.options)
  const first = await parts.next()
  if (first.done) throw new TypeError('A stream has at least one part')
  return first.value.length < multipartFrom
    ? putWhole(upload, first.value)
    : putParts(upload, chain(first.value, parts), hooks)
}

/** A part that is not full is the last: by now the stream has ended, and kept to its limits. */
async function putWhole(upload: Upload, bytes: Buffer): Promise<Stored> {
  const { bucket, key, options, signal } = upload
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: key,
    Body: bytes,
    ...commandHeaders(options),
    Metadata: stampMetadata(bytes, options.metadata),
    IfNoneMatch: options.ifNoneMatch,
    ...bucket.encryption,
  })
  return bucket.call({ signal }, async (sdk) => {
    try {
      const { ETag } = await bucket.client.send(command, sdk)
      if (ETag === undefined) throw brokenAnswer('PutObject answered without ETag')
      options.onProgress?.(bytes.length, options.bytes)
      return { etag: quoted(ETag) }
    } catch (error) {
      if (options.ifNoneMatch !== undefined && isTaken(error)) return 'conflict'
      throw error
    }
  })
}

async function putParts(
  upload: Upload,
  pieces: AsyncIterable<Buffer>,
  { fail, onAbandoned }: Hooks,
): Promise<Stored> {
  const { bucket, key, options, signal } = upload
  const uploadId = await beginMultipart(bucket, key, options, { signal })
  let isKept = false
  try {
    const parts = await sendParts(upload, uploadId, { pieces, fail })
    const { ifNoneMatch } = options
    const result = await completeMultipart(bucket, { key, uploadId, parts, ifNoneMatch, signal })
    if (result.outcome === 'conflict') return 'conflict'
    if (result.outcome !== 'completed')
      throw brokenAnswer(`the parts of an upload were ${result.outcome} when it was completed`)
    isKept = true
    return { etag: result.etag }
  } finally {
    // Not with the caller's signal: it may be what ended the upload.
    if (!isKept)
      await abortMultipart(bucket, key, uploadId).catch((cause: unknown) =>
        onAbandoned({ key, uploadId, cause }),
      )
  }
}

interface Sending {
  readonly pieces: AsyncIterable<Buffer>
  readonly fail: (reason: unknown) => void
}

async function sendParts(upload: Upload, uploadId: string, { pieces, fail }: Sending): Promise<Part[]> {
  const { options } = upload
  const parts: Part[] = []
  let begun = 0
  let sent = 0
  await inFlight({ pieces, width: partsAtOnce, onFailure: fail }, async (bytes) => {
    begun += 1
    const part = await sendPart(upload, uploadId, { partNumber: begun, bytes })
    parts.push(part)
    sent += part.bytes
    options.onProgress?.(sent, options.bytes)
  })
  return parts
}

async function sendPart(
  { bucket, key, signal }: Upload,
  uploadId: string,
  { partNumber, bytes }: { readonly partNumber: number; readonly bytes: Buffer },
): Promise<Part> {
  const command = new UploadPartCommand({
    Bucket: bucket.name,
    Key: key,
    UploadId: uploadId,
    PartNumber: partNumber,
    Body: bytes,
    // The stamp of a stream has no checksum: here is what tells a part that was damaged on its way.
    ContentMD5: createHash('md5').update(bytes).digest('base64'),
  })
  const { ETag } = await bucket.call({ signal }, (sdk) => bucket.client.send(command, sdk))
  if (ETag === undefined) throw brokenAnswer('UploadPart answered without ETag')
  return { partNumber, etag: ETag, bytes: bytes.length }
}

async function* chain(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
