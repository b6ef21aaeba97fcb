import { createHash, randomUUID } from 'node:crypto'
import type { ObjectStore } from '../storage/object-store.ts'
import { checkKey, stampUnread } from '../storage/stamp.ts'
import { putOptions } from './memory-transfers.ts'
import type { Multiparts, ObjectHeaders, Part } from './transfers.ts'

/** Multipart uploads in memory, and the way in that presigned URLs are on a real store. */
export interface MemoryMultiparts extends Multiparts {
  /** Takes a part, in the place of an earlier one of the same number; `undefined` when there is no such upload. */
  sendPart(uploadId: string, partNumber: number, bytes: Uint8Array): string | undefined
}

interface Upload {
  readonly key: string
  readonly headers: ObjectHeaders
  readonly begunAt: Date
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>
}

/** S3's own limit for all parts but the last. */
const minPartBytes = 5 * 1024 * 1024

/** Multipart uploads to a store of whole objects: they end with the process. */
export function createMemoryMultiparts(store: ObjectStore): MemoryMultiparts {
  const uploads = new Map<string, Upload>()
  const find = (key: string, uploadId: string) => {
    const upload = uploads.get(uploadId)
    return upload?.key === key ? upload : undefined
  }
  return {
    begin: async (key, headers, options) => {
      checkKey(key)
      stampUnread(headers.metadata)
      options?.signal?.throwIfAborted()
      const uploadId = randomUUID()
      uploads.set(uploadId, { key, headers, begunAt: new Date(), parts: new Map() })
      return uploadId
    },
    list: async (key, uploadId) => {
      const upload = find(key, uploadId)
      return upload && partsOf(upload)
    },
    complete: async (key, uploadId, parts, options) => {
      const upload = find(key, uploadId)
      if (upload === undefined) return { outcome: 'absent' }
      const bytes = join(upload, parts)
      if (bytes === undefined) return { outcome: 'invalid' }
      const result = await store.put(key, bytes, putOptions(upload.headers, { ...options }))
      if (result.outcome !== 'stored') throw new Error('A write without a condition found a conflict')
      uploads.delete(uploadId)
      return { outcome: 'completed', etag: result.etag }
    },
    abort: async (key, uploadId) => {
      if (find(key, uploadId) !== undefined) uploads.delete(uploadId)
    },
    pending: async function* (prefix) {
      for (const [uploadId, { key, begunAt }] of uploads)
        if (key.startsWith(prefix)) yield { key, uploadId, begunAt }
    },
    sendPart: (uploadId, partNumber, bytes) => {
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
      return uploads.get(uploadId)?.parts.set(partNumber, { etag, bytes }) && etag
    },
  }
}

function partsOf({ parts }: Upload): Part[] {
  return [...parts]
    .map(([partNumber, { etag, bytes }]) => ({ partNumber, etag, bytes: bytes.byteLength }))
    .toSorted((one, other) => one.partNumber - other.partNumber)
}

/** The bytes of the parts named; `undefined` when one is not there, another one, or too small. */
function join({ parts }: Upload, named: readonly Pick<Part, 'partNumber' | 'etag'>[]): Buffer | undefined {
  const inOrder = named.toSorted((one, other) => one.partNumber - other.partNumber)
  const found = inOrder.flatMap(({ partNumber, etag }) => {
    const part = parts.get(partNumber)
    return part?.etag === etag ? [part.bytes] : []
  })
  const isSmall = found.slice(0, -1).some((bytes) => bytes.byteLength < minPartBytes)
  return found.length === 0 || found.length < named.length || isSmall ? undefined : Buffer.concat(found)
}
