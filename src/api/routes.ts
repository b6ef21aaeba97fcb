import { z } from '@hono/zod-openapi'
import type { ZodType } from 'zod'
import { GatewayError } from '../errors.ts'
import { idPattern } from '../urls/ids.ts'
import { id, problem } from './schemas.ts'

/** An answer of JSON. */
export const json = <Schema extends ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** An answer of nothing. */
export const nothing = (description: string) => ({ description })

/** An answer of the bytes of a file. */
export const bytes = (description: string) => ({
  description,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
})

/** What any route may answer besides. */
export const PROBLEMS = {
  default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
} as const

/** A body of JSON. */
export const jsonBody = <Schema extends ZodType>(schema: Schema) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})

/** Needs somebody who says who they are, or lets them. */
export const TOKEN = [{ token: [] }]
export const TOKEN_OR_NONE = [{ token: [] }, {}]

export const itemParams = z.object({ itemId: id })
export const photoParams = z.object({ itemId: id, photoId: id })
export const userParams = z.object({ userId: id })
export const documentParams = z.object({ userId: id, fileId: id })
export const uploadParams = z.object({ uploadId: id })

/** Says in a URL where the next page begins: behind this id. */
export const formatCursor = (lastId: string): string => Buffer.from(lastId).toString('base64url')

/** The id that a page begins behind; `invalid_request` for what no page has said. */
export function parseCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const lastId = Buffer.from(cursor, 'base64url').toString()
  if (idPattern.test(lastId) && formatCursor(lastId) === cursor) return lastId
  throw new GatewayError('invalid_request', 'query.cursor: is none that a page has given')
}

/** The ETag of a record: how often it has been changed. */
export const revisionEtag = (revision: number): string => `"r${revision}"`

/** Throws `precondition_failed` when a request was made for another state of a record than the one that there is. */
export function checkRevision(ifMatch: string | undefined, revision: number | undefined): void {
  if (ifMatch === undefined) return
  const known = ifMatch.split(',').map((tag) => tag.trim())
  if (revision !== undefined && (known.includes('*') || known.includes(revisionEtag(revision)))) return
  throw new GatewayError('precondition_failed', 'The record has changed: read it again')
}
