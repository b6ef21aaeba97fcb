import type { Readable } from 'node:stream'
import type { Context } from 'hono'
import { type Caching, cacheControl } from '../cdn/cache-policy.ts'
import { CACHE_TAG_HEADER } from '../cdn/cache-tags.ts'
import { GatewayError } from '../errors.ts'
import {
  type ByteRange,
  conditionsOf,
  isNotModified,
  isRangeApplicable,
  parseRange,
  type Validators,
} from '../http/conditional.ts'
import type { Transfers } from '../transfers/transfers.ts'
import type { ApiEnv } from './env.ts'
import type { Outflow } from '../limits/outflow.ts'

/** A stored file and how it is handed out. */
export interface HandedOut {
  readonly key: string
  readonly etag: string
  readonly contentType: string
  /** Length in bytes. */
  readonly bytes: number
  readonly fileName: string
  readonly addedAt: string
  readonly disposition: 'inline' | 'attachment'
  readonly caching: Caching
  /** Cache tags of what caches may keep. */
  readonly tags?: string | undefined
}

/** Where files come from, and how many flow at once. */
export interface FileSource {
  readonly transfers: Pick<Transfers, 'download'>
  readonly outflow: Outflow
}

/** The file as a stream, or the one range that was asked for, or nothing where the client's copy is right. */
export async function fileAnswer(
  c: Context<ApiEnv>,
  { transfers, outflow }: FileSource,
  file: HandedOut,
): Promise<Response> {
  const validators = { etag: file.etag, lastModified: new Date(file.addedAt) }
  const headers = fileHeaders(file, validators)
  c.set('cacheClass', file.caching.cacheClass)
  const conditions = conditionsOf(c.req.raw.headers)
  if (conditions && isNotModified(conditions, validators)) return new Response(null, { status: 304, headers })
  headers.set('accept-ranges', 'bytes')
  headers.set('content-type', file.contentType)
  const isHead = c.req.method === 'HEAD'
  const range = isHead ? undefined : rangeOf(c, file, validators)
  headers.set('content-length', `${range ? range.end - range.start + 1 : file.bytes}`)
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
  if (isHead) return new Response(null, { status: 200, headers })
  const body = await outflow.stream(async () => open(c, transfers, file, range))
  return new Response(body, { status: range ? 206 : 200, headers })
}

async function open(
  c: Context<ApiEnv>,
  transfers: Pick<Transfers, 'download'>,
  { key, etag }: HandedOut,
  range: ByteRange | undefined,
): Promise<Readable> {
  const found = await transfers.download(key, {
    ifMatch: etag,
    range: range && { first: range.start, last: range.end },
    signal: c.req.raw.signal,
  })
  if (found.outcome === 'found') return found.body
  throw new GatewayError('source_changing', 'The file is not what its record says: ask again')
}

function rangeOf(c: Context<ApiEnv>, { bytes }: HandedOut, validators: Validators): ByteRange | undefined {
  const header = c.req.header('range')
  if (header === undefined || !isRangeApplicable(c.req.header('if-range'), validators)) return undefined
  const range = parseRange(header, bytes)
  if (range !== 'unsatisfiable') return range
  c.header('content-range', `bytes */${bytes}`)
  throw new GatewayError('range_not_satisfiable', `The file has ${bytes} bytes`)
}

/** Headers that a 304 has too. Nothing of a file that somebody uploaded may run, frame or be sniffed. */
function fileHeaders(file: HandedOut, { etag, lastModified }: Validators): Headers {
  const { caching, tags } = file
  const isPublic = caching.cacheClass !== 'D'
  return new Headers({
    etag,
    'last-modified': lastModified.toUTCString(),
    'cache-control': cacheControl(caching),
    'content-disposition': formatDisposition(file.disposition, file.fileName),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': isPublic ? 'cross-origin' : 'same-site',
    ...(!isPublic && { 'referrer-policy': 'no-referrer' }),
    ...(isPublic && tags !== undefined && { [CACHE_TAG_HEADER]: tags }),
  })
}

/** `Content-Disposition` with a name for old programs and one for those that read UTF-8 (RFC 6266, RFC 8187). */
export function formatDisposition(disposition: 'inline' | 'attachment', fileName: string): string {
  // Through bytes: half a surrogate pair has no encoding.
  const clean = Buffer.from(fileName)
    .toString()
    .replaceAll(/[\p{Cc}/\\]/gu, '_')
  const ascii = clean.replaceAll(/[^\x20-\x7e]|["%]/g, '_')
  const plain = `${disposition}; filename="${ascii}"`
  if (ascii === clean) return plain
  const encoded = encodeURIComponent(clean).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${plain}; filename*=UTF-8''${encoded}`
}
