import type { Readable } from 'node:stream'

/** What an operation answers; the listener sends it. A stream must be of exactly the length that `headers` names. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Buffer | Readable | undefined
}

/** A document of S3's as an answer with status 200. */
export function xmlReply(document: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: document }
}
