import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { keeping } from '../cdn/cache-policy.ts'
import { cacheTags } from '../cdn/cache-tags.ts'
import { GatewayError } from '../errors.ts'
import type { PhotoEntry } from '../media/records.ts'
import type { UploadRequest } from '../uploads/uploads.ts'
import { parseSourcePath } from '../urls/source-path.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, requireUser, uploadContext } from './env.ts'
import { fileAnswer, formatDisposition } from './file-answer.ts'
import { readUploadForm } from '../uploads/form.ts'
import type { Target } from './guard.ts'
import { albumOf, by, guardedAlbum, mayChangeAlbum, showAlbum } from './items.ts'
import { limited } from './middleware.ts'
import { showCompleted } from './uploads.ts'
import {
  PROBLEMS,
  TOKEN,
  TOKEN_OR_NONE,
  bytes,
  completed,
  fileUrl,
  formFields,
  item,
  itemParams,
  json,
  jsonBody,
  nothing,
  photoChange,
  photoParams,
} from './schemas.ts'

/** A form with one file, as the document of the API shows it; it is taken apart by `uploads/form.ts`. */
export const FORM = {
  required: true as const,
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object' as const,
        required: ['file'],
        properties: {
          at: { type: 'integer' as const, minimum: 0, description: 'Where in the order' },
          sha256: { type: 'string' as const, pattern: '^[0-9a-f]{64}$' },
          file: { type: 'string' as const, format: 'binary', description: 'Last, and one' },
        },
      },
    },
  },
}

/** `/items/{itemId}/photos`: one photo at a time. */
export function addPhotoRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  addPhotoUploads(app, parts)
  addPhotoChanges(app, parts)
  addPhotoFiles(app, parts)
}

function addPhotoUploads(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { limits, idempotent } = parts
  const middleware = [requireUser, limited(limits, 'completes'), idempotent]

  const add = createRoute({
    method: 'post',
    path: '/items/{itemId}/photos',
    summary: 'Adds a photo, through the gateway',
    security: TOKEN,
    middleware,
    request: { params: itemParams, body: FORM },
    responses: { 201: json(completed, 'The photo'), ...PROBLEMS },
  })
  app.openapi(add, async (c) => {
    const { itemId } = c.req.valid('param')
    const done = await receive(parts, c, { kind: 'item-photo', ownerId: itemId })
    return c.json(done, 201)
  })

  const replace = createRoute({
    method: 'put',
    path: '/items/{itemId}/photos/{photoId}',
    summary: 'Puts another file into the place of a photo, through the gateway',
    security: TOKEN,
    middleware,
    request: { params: photoParams, body: FORM },
    responses: { 200: json(completed, 'The photo'), ...PROBLEMS },
  })
  app.openapi(replace, async (c) => {
    const { itemId, photoId } = c.req.valid('param')
    const done = await receive(parts, c, { kind: 'item-photo', ownerId: itemId, photoId })
    return c.json(done, 200)
  })
}

/** Takes a form's file in, and shows what has become of it. */
export async function receive(
  parts: ApiParts,
  c: Context<ApiEnv>,
  what: Pick<UploadRequest, 'kind' | 'ownerId' | 'photoId'>,
) {
  const limits = { maxBytes: parts.maxFormBytes, idleTimeoutMs: parts.bodyTimeoutMs }
  const leave = parts.forms.enter()
  const reading = readUploadForm(c.req.raw, limits, async (form) => {
    const { data: fields, error } = formFields.safeParse(form.fields)
    if (fields === undefined) {
      const [issue] = error.issues
      const at = ['body', ...(issue?.path ?? [])].join('.')
      throw new GatewayError('invalid_request', `${at}: ${issue?.message ?? 'is not understood'}`)
    }
    const { fileName, contentType, file } = form
    return parts.uploads.receive({ ...what, ...fields, fileName, contentType }, file, uploadContext(c))
  })
  return showCompleted(parts, c, await reading.finally(leave))
}

function addPhotoChanges(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { albums } = parts
  const security = { security: TOKEN, middleware: [requireUser] }

  const change = createRoute({
    method: 'patch',
    path: '/items/{itemId}/photos/{photoId}',
    summary: 'Says what stays in view when a box is cut out of a photo, and how long the edge may keep it',
    ...security,
    request: { params: photoParams, body: jsonBody(photoChange) },
    responses: { 200: json(item, 'The item as changed'), ...PROBLEMS },
  })
  app.openapi(change, async (c) => {
    const { itemId, photoId } = c.req.valid('param')
    const settings = c.req.valid('json')
    const names = Object.keys(settings).join(', ')
    await mayChangeAlbum(parts, c, await albumOf(parts, c, itemId), `${names} of ${photoId}`)
    const changed = await albums.adjust(itemId, photoId, settings, by(c))
    return c.json(showAlbum(parts, c, changed), 200)
  })

  const remove = createRoute({
    method: 'delete',
    path: '/items/{itemId}/photos/{photoId}',
    summary: 'Deletes a photo',
    ...security,
    request: { params: photoParams },
    responses: { 204: nothing('It is gone'), ...PROBLEMS },
  })
  app.openapi(remove, async (c) => {
    const { itemId, photoId } = c.req.valid('param')
    await mayChangeAlbum(parts, c, await albumOf(parts, c, itemId), `delete ${photoId}`)
    await albums.remove(itemId, photoId, by(c))
    return c.body(null, 204)
  })
}

/** How an original can be asked for. */
export const DISPOSITIONS = [
  ['original', 'inline', 'The file of a photo as it was uploaded'],
  ['download', 'attachment', 'The same, to be saved'],
] as const

function addPhotoFiles(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  for (const [name, disposition, summary] of DISPOSITIONS) {
    const route = createRoute({
      method: 'get',
      path: `/items/{itemId}/photos/{photoId}/${name}`,
      summary,
      security: TOKEN_OR_NONE,
      request: { params: photoParams },
      responses: { 200: bytes('The file'), 206: bytes('The range that was asked for'), ...PROBLEMS },
    })
    app.openapi(route, async (c) => {
      const { itemId, photoId } = c.req.valid('param')
      const album = await albumOf(parts, c, itemId)
      const target = { ...guardedAlbum(album), object: `items/${itemId}/photos/${photoId}` }
      const photo = album.photos.find((photo) => photo.photoId === photoId)
      return originalAnswer(parts, c, { target, photo, disposition })
    })
  }

  const url = createRoute({
    method: 'get',
    path: '/items/{itemId}/photos/{photoId}/original-url',
    summary: ORIGINAL_URL,
    security: TOKEN_OR_NONE,
    request: { params: photoParams },
    responses: { 200: json(fileUrl, 'Its URL'), ...PROBLEMS },
  })
  app.openapi(url, async (c) => {
    const { itemId, photoId } = c.req.valid('param')
    const album = await albumOf(parts, c, itemId)
    const target = { ...guardedAlbum(album), object: `items/${itemId}/photos/${photoId}` }
    const photo = album.photos.find((photo) => photo.photoId === photoId)
    const path = `/api/v1/items/${itemId}/photos/${photoId}/download`
    return c.json(await originalUrl(parts, c, { target, photo, path }), 200)
  })
}

export const ORIGINAL_URL =
  'Where the file of a photo is read: here, or in the bucket where this server has no address'

interface Original {
  /** By the path of the photo. */
  readonly target: Target
  readonly photo: PhotoEntry | undefined
  readonly disposition: 'inline' | 'attachment'
}

/**
 * The file of a photo, with all that stands in it, a place perhaps: for its owner and for roles; for all who may see the
 * photo only if the operator says so.
 */
export async function originalAnswer(
  { guard, publicOriginals, edge, ...files }: ApiParts,
  c: Context<ApiEnv>,
  { target, photo, disposition }: Original,
): Promise<Response> {
  const access = publicOriginals ? target.access : 'private'
  await guard.read(c, target, 'read', access)
  if (photo === undefined) throw new GatewayError('not_found', 'There is nothing here')
  const { key, etag, contentType, bytes: length, addedAt, fileName = photo.photoId } = photo
  const file = { key, etag, contentType, bytes: length, addedAt, fileName, disposition }
  const { edgeSeconds } = photo
  const caching =
    access === 'public'
      ? keeping('document', { managed: true, edgeSeconds }, edge)
      : ({ cacheClass: 'D' } as const)
  return fileAnswer(c, files, {
    ...file,
    caching,
    tags: cacheTags(parseSourcePath(target.object.split('/'))),
  })
}

/** Where that file is read, for the same people. Only the bucket's own URL is a permission: it is audited as one. */
export async function originalUrl(
  { guard, publicOriginals, publicUrls, accessLinkTtlS, now = Date.now }: ApiParts,
  c: Context<ApiEnv>,
  { target, photo, path }: Pick<Original, 'target' | 'photo'> & { readonly path: string },
) {
  await guard.read(c, target, 'grant', publicOriginals ? target.access : 'private')
  if (photo === undefined) throw new GatewayError('not_found', 'There is nothing here')
  const { key, fileName = photo.photoId } = photo
  const expiresAt = new Date(now() + accessLinkTtlS * 1000)
  const file = { key, contentDisposition: formatDisposition('attachment', fileName) }
  const { url, isPresigned } = await publicUrls.ofFile(path, file, accessLinkTtlS)
  return { url, ...(isPresigned && { expiresAt: expiresAt.toISOString() }) }
}
