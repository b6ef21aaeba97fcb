import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** How the bytes of an answer are coded on their way (RFC 9110 §8.4). */
export type Coding = 'gzip' | 'identity'

const CODING = /^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i

/**
 * What a client takes, by its `Accept-Encoding` (RFC 9110 §12.5.3): gzip where it is named, or meant by `*`, with a weight
 * and not with a smaller one than the bytes as they are. Without the header, and for a member that makes no sense: as
 * they are.
 */
export function readCoding(acceptEncoding: string | null): Coding {
  const weights = new Map<string, number>()
  for (const member of (acceptEncoding ?? '').split(',')) {
    const [, name, weight = '1'] = CODING.exec(member) ?? []
    if (name !== undefined) weights.set(name.toLowerCase(), Number(weight))
  }
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0) ? 'gzip' : 'identity'
}

/** The strong ETag of the same in a coding: other bytes, another ETag (RFC 9110 §8.8.3.3). */
export function codedEtag(etag: string, coding: Coding): string {
  return coding === 'identity' ? etag : `${etag.slice(0, -1)}-${coding}"`
}

const deflate = promisify(gzip)
const known = new WeakMap<Buffer<ArrayBuffer>, Promise<Buffer<ArrayBuffer>>>()

/** The same bytes, compressed: once for as long as the buffer is in memory, and not on the main thread. */
export function gzipped(bytes: Buffer<ArrayBuffer>): Promise<Buffer<ArrayBuffer>> {
  const compressed = known.get(bytes) ?? compress(bytes)
  known.set(bytes, compressed)
  return compressed
}

async function compress(bytes: Buffer<ArrayBuffer>): Promise<Buffer<ArrayBuffer>> {
  return Buffer.from(await deflate(bytes))
}
