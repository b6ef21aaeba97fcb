import { Readable } from 'node:stream'
import type { GetOptions, ObjectStore, PutOptions, StoredObject } from '../storage/object-store.ts'
import { toGatewayError } from '../storage/s3-errors.ts'
import { beyondEnd, checkedBody } from './checked-body.ts'
import { checkLimits, partsOf } from './parts-of.ts'
import type { CopyOptions, CopyResult, DownloadOptions, ObjectHeaders, Transfers } from './transfers.ts'

const pieceBytes = 64 * 1024

/** The same contract on any store of whole objects, through memory: for tests and small buckets. It keeps no `contentDisposition`. */
export function createMemoryTransfers(store: ObjectStore): Transfers {
  const transfers: Transfers = {
    upload: async (key, body, options) => {
      const bytes = await gather(body, options)
      const result = await store.put(key, bytes, putOptions(options, options))
      if (result.outcome === 'conflict') return 'conflict'
      options.onProgress?.(bytes.length, options.bytes)
      return { etag: result.etag }
    },
    download: async (key, options = {}) => {
      const result = await store.get(key, getOptions(options))
      if (result.outcome === 'found') return found(result.object, options)
      return { outcome: result.outcome === 'absent' ? 'absent' : 'changed' }
    },
    copy: (from, to, options = {}) => copy(store, { from, to }, options),
    move: async (from, to, options = {}) => {
      if (from === to) throw new TypeError('An object cannot be moved to where it is')
      const ifMatch = options.ifMatch ?? (await store.head(from, options))?.etag
      if (ifMatch === undefined) return { outcome: 'absent' }
      const result = await transfers.copy(from, to, { ...options, ifMatch })
      if (result.outcome === 'copied') await store.delete([from], { ifMatch, signal: options.signal })
      return result
    },
  }
  return transfers
}

async function gather(body: Readable, options: Parameters<Transfers['upload']>[2]): Promise<Buffer> {
  const { signal } = options
  const leave = () => body.destroy(new Error('The caller left'))
  signal?.addEventListener('abort', leave, { once: true })
  try {
    signal?.throwIfAborted()
    checkLimits(options)
    const parts = []
    for await (const part of partsOf(body, pieceBytes, options)) parts.push(part)
    return Buffer.concat(parts)
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', leave)
    body.destroy()
  }
}

function found({ body, ...facts }: StoredObject, options: DownloadOptions) {
  const { first, last } = options.range ?? { first: 0, last: body.length - 1 }
  if (options.range !== undefined && first >= body.length) throw beyondEnd()
  const bytes = body.subarray(first, last + 1)
  const expected = {
    bytes: bytes.length,
    metadata: bytes.length === body.length ? facts.metadata : {},
    translate: toGatewayError,
    signal: options.signal,
    onProgress: options.onProgress,
  }
  const checked = checkedBody(Readable.from(piecesOf(bytes), { objectMode: false }), expected)
  return { outcome: 'found' as const, facts, body: checked }
}

async function copy(
  store: ObjectStore,
  { from, to }: { readonly from: string; readonly to: string },
  options: CopyOptions,
): Promise<CopyResult> {
  const source = await store.get(from, getOptions(options))
  if (source.outcome !== 'found') return { outcome: source.outcome === 'absent' ? 'absent' : 'changed' }
  const { body, contentType, cacheControl, metadata } = source.object
  const headers = options.headers ?? { contentType, cacheControl, metadata }
  const result = await store.put(to, body, putOptions(headers, options))
  return result.outcome === 'conflict' ? { outcome: 'conflict' } : { outcome: 'copied', etag: result.etag }
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** What a store of whole objects takes of the headers and conditions of a transfer. */
export function putOptions(
  { contentType, cacheControl, metadata }: ObjectHeaders,
  { ifNoneMatch, signal }: Pick<CopyOptions, 'ifNoneMatch' | 'signal'>,
): PutOptions {
  return {
    contentType,
    signal,
    ...(cacheControl !== undefined && { cacheControl }),
    ...(metadata !== undefined && { metadata }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  }
}

function getOptions({ ifMatch, signal }: Pick<DownloadOptions, 'ifMatch' | 'signal'>): GetOptions {
  return { signal, ...(ifMatch !== undefined && { ifMatch }) }
}
