import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part as S3Part,
} from '@aws-sdk/client-s3'
import type { CallOptions } from '../storage/object-store.ts'
import { patient, type S3Bucket, type SendOptions } from '../storage/s3-call.ts'
import { brokenAnswer, codeOf, isAbsent, isTaken } from '../storage/s3-errors.ts'
import { checkKey, stampUnread } from '../storage/stamp.ts'
import type { Multiparts, ObjectHeaders, Part, PendingUpload } from './transfers.ts'
import { commandHeaders, quoted } from './write-headers.ts'

/** What a completion is for, and its condition. */
export interface Completion extends CallOptions {
  readonly key: string
  readonly uploadId: string
  readonly parts: readonly Pick<Part, 'partNumber' | 'etag'>[]
  readonly ifNoneMatch?: '*' | undefined
}

type CompletionResult =
  | { readonly outcome: 'completed'; readonly etag: string }
  | { readonly outcome: 'absent' | 'invalid' }
  | { readonly outcome: 'conflict' }

/** How stores refuse parts: not those that they have, out of order, too small, none. */
const refusedParts = new Set<string | undefined>([
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'MalformedXML',
])

/** Multipart uploads to a bucket behind the S3 protocol. */
export function createS3Multiparts(impatient: S3Bucket): Multiparts {
  const bucket = patient(impatient)
  return {
    begin: (key, headers, options) => beginMultipart(bucket, key, headers, options),
    list: (key, uploadId, options) => listParts(bucket, key, uploadId, options),
    async complete(key, uploadId, parts, options) {
      const result = await completeMultipart(bucket, { ...options, key, uploadId, parts })
      if (result.outcome === 'conflict') throw brokenAnswer('a conflict where no condition was set')
      return result
    },
    abort: (key, uploadId, options) => abortMultipart(bucket, key, uploadId, options),
    pending: (prefix, options) => pending(bucket, prefix, options),
  }
}

/** Begins a multipart upload; its id. */
export async function beginMultipart(
  bucket: S3Bucket,
  key: string,
  headers: ObjectHeaders,
  options?: CallOptions,
): Promise<string> {
  checkKey(key)
  const command = new CreateMultipartUploadCommand({
    Bucket: bucket.name,
    Key: key,
    ...commandHeaders(headers),
    Metadata: stampUnread(headers.metadata),
    ...bucket.encryption,
  })
  const { UploadId } = await bucket.call(options, (sdk) => bucket.client.send(command, sdk))
  if (UploadId === undefined) throw brokenAnswer('CreateMultipartUpload answered without UploadId')
  return UploadId
}

/** Makes an object of parts; on condition, if one is given. */
export async function completeMultipart(bucket: S3Bucket, completion: Completion): Promise<CompletionResult> {
  const { key, uploadId, ifNoneMatch } = completion
  checkKey(key)
  const parts = completion.parts.toSorted((one, other) => one.partNumber - other.partNumber)
  if (parts.length === 0) return { outcome: 'invalid' }
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag })) },
    IfNoneMatch: ifNoneMatch,
  })
  return bucket.call(completion, async (sdk) => {
    try {
      const { ETag } = await bucket.client.send(command, sdk)
      return { outcome: 'completed', etag: ETag ? quoted(ETag) : await etagOf(bucket, key, sdk) }
    } catch (error) {
      if (isAbsent(error)) return { outcome: 'absent' }
      if (refusedParts.has(codeOf(error))) return { outcome: 'invalid' }
      if (ifNoneMatch !== undefined && isTaken(error)) return { outcome: 'conflict' }
      throw error
    }
  })
}

/** Gives a multipart upload up; one that is not there is no fault. */
export async function abortMultipart(
  bucket: S3Bucket,
  key: string,
  uploadId: string,
  options?: CallOptions,
): Promise<void> {
  checkKey(key)
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: uploadId })
  await bucket.call(options, async (sdk) => {
    try {
      await bucket.client.send(command, sdk)
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
  })
}

// Ceph RGW leaves the ETag out of its answer.
async function etagOf(bucket: S3Bucket, key: string, sdk: SendOptions): Promise<string> {
  const { ETag } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }), sdk)
  if (ETag === undefined) throw brokenAnswer('HeadObject answered without ETag')
  return quoted(ETag)
}

async function listParts(
  bucket: S3Bucket,
  key: string,
  uploadId: string,
  options?: CallOptions,
): Promise<readonly Part[] | undefined> {
  checkKey(key)
  const parts: Part[] = []
  let marker: string | undefined
  do {
    const command = new ListPartsCommand({
      Bucket: bucket.name,
      Key: key,
      UploadId: uploadId,
      PartNumberMarker: marker,
    })
    const page = await bucket.call(options, async (sdk) => {
      try {
        return await bucket.client.send(command, sdk)
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })
    if (page === undefined) return undefined
    parts.push(...(page.Parts ?? []).map(toPart))
    marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
  } while (marker !== undefined)
  return parts
}

async function* pending(
  bucket: S3Bucket,
  prefix: string,
  options?: CallOptions,
): AsyncGenerator<PendingUpload> {
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {}
  while (from !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket.name,
      Prefix: prefix,
      ...from,
    })
    const page = await bucket.call(options, (sdk) => bucket.client.send(command, sdk))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined)
        throw brokenAnswer('an upload without key, id or time')
      yield { key: Key, uploadId: UploadId, begunAt: Initiated }
    }
    from = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      : undefined
  }
}

function toPart({ PartNumber, ETag, Size }: S3Part): Part {
  if (PartNumber === undefined || ETag === undefined || Size === undefined)
    throw brokenAnswer('a part without number, ETag or size')
  return { partNumber: PartNumber, etag: ETag, bytes: Size }
}
