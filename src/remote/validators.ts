import { createHash } from 'node:crypto'
import { type AnswerHeaders, headerOf } from './freshness.ts'

/** What an answer is told again by, as its server spells it. */
export interface Validators {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

const ETAG = /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/

/** What a later request may ask with; headers that are none are left out. */
export function validatorsOf(headers: AnswerHeaders): Validators {
  const etag = headerOf(headers, 'etag')
  const lastModified = headerOf(headers, 'last-modified')
  return {
    etag: etag !== undefined && ETAG.test(etag) ? etag : undefined,
    lastModified: Number.isNaN(Date.parse(lastModified ?? '')) ? undefined : lastModified,
  }
}

/** The headers that ask for an answer only if it is another one. */
export function conditionHeaders({ etag, lastModified }: Validators): Record<string, string> {
  // With an ETag servers ignore the date; some look at nothing else.
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  }
}

/** What stands for these bytes: their ETag without its weakness, else date and length, else their hash. */
export function etagOf({ etag, lastModified }: Validators, bytes: Uint8Array): string {
  const opaque = etag === undefined ? undefined : ETAG.exec(etag)?.[1]
  if (opaque !== undefined && opaque !== '""') return opaque
  if (lastModified !== undefined) return `"${Date.parse(lastModified)}-${bytes.length}"`
  return `"sha256-${createHash('sha256').update(bytes).digest('base64url')}"`
}
