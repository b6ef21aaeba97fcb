import type { OpenAPIHono } from '@hono/zod-openapi'
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Completed } from '../uploads/uploads.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, requireUser, uploadContext } from './env.ts'
import { showDocument } from './documents.ts'
import { limited } from './middleware.ts'
import {
  PROBLEMS,
  TOKEN,
  completed,
  json,
  jsonBody,
  nothing,
  ticket,
  uploadParams,
  uploadRequest,
} from './schemas.ts'

/** `/uploads`: tickets, and what becomes of what was uploaded with them. */
export function addUploadRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  addTicketRoutes(app, parts)
  addUploadEnds(app, parts)
}

function addTicketRoutes(app: OpenAPIHono<ApiEnv>, { uploads, limits, idempotent }: ApiParts): void {
  const begin = createRoute({
    method: 'post',
    path: '/uploads',
    summary: 'Asks for a ticket: a signed permission to upload one file straight to the bucket',
    security: TOKEN,
    middleware: [requireUser, limited(limits, 'tickets'), idempotent],
    request: { body: jsonBody(uploadRequest) },
    responses: { 201: json(ticket, 'The ticket'), ...PROBLEMS },
  })
  app.openapi(begin, async (c) => {
    const issued = await uploads.begin(c.req.valid('json'), uploadContext(c))
    c.header('location', `/api/v1/uploads/${issued.uploadId}`)
    return c.json(issued, 201)
  })

  const resume = createRoute({
    method: 'get',
    path: '/uploads/{uploadId}',
    summary: 'The ticket again with new URLs, to go on with',
    security: TOKEN,
    middleware: [requireUser, limited(limits, 'tickets')],
    request: { params: uploadParams },
    responses: { 200: json(ticket, 'The ticket'), ...PROBLEMS },
  })
  app.openapi(resume, async (c) =>
    c.json(await uploads.resume(c.req.valid('param').uploadId, uploadContext(c)), 200),
  )
}

function addUploadEnds(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { uploads, limits, idempotent } = parts

  const complete = createRoute({
    method: 'post',
    path: '/uploads/{uploadId}/complete',
    summary: 'Checks what was uploaded, and puts it where it belongs',
    security: TOKEN,
    middleware: [requireUser, limited(limits, 'completes'), idempotent],
    request: { params: uploadParams },
    responses: { 200: json(completed, 'What the upload has become'), ...PROBLEMS },
  })
  app.openapi(complete, async (c) => {
    const done = await uploads.complete(c.req.valid('param').uploadId, uploadContext(c))
    return c.json(await showCompleted(parts, c, done), 200)
  })

  const abort = createRoute({
    method: 'delete',
    path: '/uploads/{uploadId}',
    summary: 'Gives an upload up, and removes what has arrived',
    security: TOKEN,
    middleware: [requireUser],
    request: { params: uploadParams },
    responses: { 204: nothing('It is gone'), ...PROBLEMS },
  })
  app.openapi(abort, async (c) => {
    await uploads.abort(c.req.valid('param').uploadId, uploadContext(c))
    return c.body(null, 204)
  })
}

/** What an upload has become, with URLs; those of a private picture are a grant, and audited as one. */
export async function showCompleted(parts: ApiParts, c: Context<ApiEnv>, done: Completed) {
  const { albums, profiles, pictureUrls, guard } = parts
  const { ownerId } = done
  if (done.kind === 'verification-document') {
    return { kind: done.kind, ownerId, document: showDocument(parts, ownerId, done.document) }
  }
  const { kind, photo, replaced } = done
  const isItem = kind === 'item-photo'
  const found = isItem ? await albums.find(ownerId) : await profiles.find(ownerId)
  const access = found?.access ?? 'private'
  const object = isItem ? `items/${ownerId}` : `profiles/${ownerId}`
  if (access !== 'public') await guard.note(c, 'grant', object, photo.photoId)
  const shown = isItem
    ? pictureUrls.photoOfItem({ itemId: ownerId, access }, photo)
    : pictureUrls.photoOfProfile({ userId: ownerId, access }, photo)
  return { kind, ownerId, photo: shown, replaced }
}
