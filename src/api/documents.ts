import { randomUUID } from 'node:crypto'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KIND_POLICIES } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { MediaEvent } from '../events/media-event.ts'
import type { DocumentEntry } from '../media/records.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, principalOf } from './env.ts'
import { fileAnswer } from './file-answer.ts'
import type { Target } from './guard.ts'
import { by } from './items.ts'
import {
  PROBLEMS,
  TOKEN,
  bytes,
  documentParams,
  documentsPage,
  formatCursor,
  json,
  nothing,
  page,
  parseCursor,
  userParams,
} from './schemas.ts'

/** Documents are their user's; the path alone says so, so that nobody learns which there are. */
const guardedDocument = (userId: string, fileId?: string): Target => ({
  object: `verification/${userId}${fileId === undefined ? '' : `/${fileId}`}`,
  kind: 'document',
  owner: userId,
  access: 'private',
})

/** `/users/{userId}/documents`: verification documents, for their owner and for roles. */
export function addDocumentRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  addDocumentList(app, parts)
  addDocumentItself(app, parts)
}

// Who has not said who they are is refused by the guard: that somebody tried is for the audit.
const security = { security: TOKEN }

function addDocumentList(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { documents, guard } = parts
  const list = createRoute({
    method: 'get',
    path: '/users/{userId}/documents',
    summary: "A user's documents that have not expired, by their ids",
    ...security,
    request: { params: userParams, query: page },
    responses: { 200: json(documentsPage, 'A page of documents'), ...PROBLEMS },
  })
  app.openapi(list, async (c) => {
    const { userId } = c.req.valid('param')
    const { cursor, limit } = c.req.valid('query')
    const after = parseCursor(cursor) ?? ''
    await guard.read(c, guardedDocument(userId), 'read')
    const all = await documents.list(userId, c.req.raw.signal)
    const rest = all
      .filter((entry) => entry.fileId > after)
      .toSorted((one, other) => (one.fileId < other.fileId ? -1 : 1))
    const shown = rest.slice(0, limit)
    const last = rest.length > limit ? shown.at(-1) : undefined
    return c.json(
      {
        documents: shown.map((entry) => showDocument(parts, userId, entry)),
        ...(last && { next: formatCursor(last.fileId) }),
      },
      200,
    )
  })
}

function addDocumentItself(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { documents, guard } = parts

  const get = createRoute({
    method: 'get',
    path: '/users/{userId}/documents/{fileId}',
    summary: 'The file of a document, to be saved',
    ...security,
    request: { params: documentParams },
    responses: { 200: bytes('The file'), 206: bytes('The range that was asked for'), ...PROBLEMS },
  })
  app.openapi(get, async (c) => {
    const { userId, fileId } = c.req.valid('param')
    await guard.read(c, guardedDocument(userId, fileId), 'read')
    const found = await documents.find(userId, fileId, c.req.raw.signal)
    if (found === undefined) throw new GatewayError('not_found', 'There is nothing here')
    const answer = await fileAnswer(c, parts, {
      ...found,
      disposition: 'attachment',
      caching: { cacheClass: KIND_POLICIES.verification.cacheClass },
    })
    if (answer.body !== null) await tellRead(parts, c, { userId, fileId, type: found.type }, answer.body)
    return answer
  })

  const remove = createRoute({
    method: 'delete',
    path: '/users/{userId}/documents/{fileId}',
    summary: 'Deletes a document',
    ...security,
    request: { params: documentParams },
    responses: { 204: nothing('It is gone'), ...PROBLEMS },
  })
  app.openapi(remove, async (c) => {
    const { userId, fileId } = c.req.valid('param')
    await guard.change(c, guardedDocument(userId, fileId), 'delete', 'document')
    await documents.remove(userId, fileId, by(c))
    return c.body(null, 204)
  })
}

/** A document as an answer. Its URL needs a token, whatever the edge has signed of it. */
export function showDocument(
  { publicUrls, accessLinkTtlS, now = Date.now }: ApiParts,
  userId: string,
  document: DocumentEntry,
) {
  const { key: _key, etag: _etag, ...shown } = document
  const path = `/api/v1/users/${userId}/documents/${document.fileId}`
  return { ...shown, url: publicUrls.ofPrivate(path, new Date(now() + accessLinkTtlS * 1000)) }
}

/** Tells that somebody reads a document, before they have a byte of it. */
async function tellRead(
  { outbox }: ApiParts,
  c: Context<ApiEnv>,
  { userId, ...detail }: { userId: string; fileId: string; type: string },
  body: ReadableStream,
): Promise<void> {
  const event: MediaEvent = {
    id: randomUUID(),
    type: 'document.read',
    object: `verification/${userId}`,
    at: new Date().toISOString(),
    by: principalOf(c).id,
    detail,
  }
  try {
    await outbox.intend(event)
    await outbox.confirm(event)
  } catch (error) {
    await body.cancel()
    throw error
  }
}
