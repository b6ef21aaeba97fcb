import { z } from '@hono/zod-openapi'
import type { ZodType } from 'zod'
import { MAX_EDGE_SECONDS } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import { ACCESS, documentTypePattern, shot } from '../media/records.ts'
import { idPattern } from '../urls/ids.ts'
import { KINDS } from '../uploads/uploads.ts'

/** An id of an item, a photo, a user or a file. */
export const id = z
  .string()
  .regex(idPattern, 'an id: 1 to 128 of A-Z a-z 0-9 . _ -, and no dot in front')
  .openapi({ example: '42' })

export const access = z.enum(ACCESS).openapi('Access')
const fraction = z.number().min(0).max(1)
const focus = z.strictObject({ x: fraction, y: fraction }).openapi('Focus')
const edgeSeconds = z
  .int()
  .min(0)
  .max(MAX_EDGE_SECONDS)
  .openapi({ description: 'How long the edge may keep it where it may change' })
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the file in 64 hex digits')
const position = z.int().min(0).max(10_000)
const length = z.int().nonnegative()
const time = z.iso.datetime()
const url = z.string()

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
  })
  .openapi('Problem', { description: 'RFC 9457; `code` is stable' })

export const photo = z
  .strictObject({
    photoId: id,
    contentType: z.string(),
    bytes: length,
    width: z.int().positive(),
    height: z.int().positive(),
    addedAt: time,
    focus: focus.optional(),
    edgeSeconds: edgeSeconds.optional(),
    placeholder: z.string().optional().openapi({ description: 'A ThumbHash in base64' }),
    dominantColour: z.string().optional().openapi({ example: '#3a6ea5' }),
    fileName: z.string().optional(),
    shot: z.strictObject(shot.shape).optional().openapi({ description: 'How it was taken; never where' }),
    urls: z.strictObject({ thumbnail: url, medium: url, large: url, original: url }),
  })
  .openapi('Photo')

export const item = z
  .strictObject({
    itemId: id,
    owner: z.string(),
    access,
    revision: z.int().nonnegative(),
    photos: z.array(photo).readonly(),
  })
  .openapi('Item', { description: 'The first photo is the cover' })

export const cookiesSet = z
  .strictObject({
    url: url.openapi({ description: 'What the URLs of the pictures begin with that the cookies are for' }),
    expiresAt: time
      .optional()
      .openapi({ description: 'Until when; of what is public there are no cookies, and no end' }),
  })
  .openapi('Cookies')

export const fileUrl = z
  .strictObject({
    url,
    expiresAt: time.optional().openapi({
      description: 'A URL of the bucket, which needs no token, until then; else it is of the API',
    }),
  })
  .openapi('FileUrl')

export const profile = z
  .strictObject({ userId: id, access, revision: z.int().nonnegative(), photo: photo.optional() })
  .openapi('Profile')

export const document = z
  .strictObject({
    fileId: id,
    type: z.string().regex(documentTypePattern),
    contentType: z.string(),
    bytes: length,
    fileName: z.string(),
    addedAt: time,
    expiresAt: time.optional(),
    url: url.openapi({ description: 'Where the API hands it out, to those allowed' }),
  })
  .openapi('Document')

const ticketHead = { uploadId: id, expiresAt: time, maxBytes: length }
const headers = z.record(z.string(), z.string()).readonly()

export const ticket = z
  .union([
    z.strictObject({ ...ticketHead, method: z.literal('POST'), url, fields: headers }),
    z.strictObject({ ...ticketHead, method: z.literal('PUT'), url, headers }),
    z.strictObject({
      ...ticketHead,
      method: z.literal('PUT'),
      partBytes: length,
      parts: z
        .array(z.strictObject({ partNumber: z.int().positive(), bytes: length, url, headers }))
        .readonly(),
      arrived: z.array(z.int().positive()).readonly(),
    }),
  ])
  .openapi('Ticket', { description: 'A form (fields), one PUT (headers), or parts: one PUT each' })

export const uploadRequest = z
  .strictObject({
    kind: z.enum(KINDS),
    ownerId: id.openapi({ description: 'An item for `item-photo`, else a user' }),
    fileName: z.string().min(1).max(200),
    contentType: z.string().min(1).max(100),
    bytes: z.int().positive(),
    sha256: sha256.optional(),
    photoId: id.optional().openapi({ description: 'The slot whose photo is replaced' }),
    at: position.optional().openapi({ description: 'Where in the order; without it to the end' }),
    documentType: z.string().regex(documentTypePattern).optional(),
    documentExpiresAt: time.optional(),
  })
  .openapi('UploadRequest')

export const completed = z
  .union([
    z.strictObject({
      kind: z.enum(['item-photo', 'profile-photo']),
      ownerId: id,
      photo,
      replaced: z.boolean(),
    }),
    z.strictObject({ kind: z.literal('verification-document'), ownerId: id, document }),
  ])
  .openapi('Completed')

export const itemChange = z
  .strictObject({ access, owner: z.string().min(1).max(128).optional() })
  .openapi('ItemChange', { description: '`owner` of a new item; users own what they make' })
export const orderChange = z.strictObject({ photoIds: z.array(id).min(1).max(10_000) }).openapi('OrderChange')
export const coverChange = z.strictObject({ photoId: id }).openapi('CoverChange')
export const photoChange = z
  .strictObject({ focus: focus.nullable().optional(), edgeSeconds: edgeSeconds.nullable().optional() })
  .refine((change) => Object.keys(change).length > 0, 'focus, edgeSeconds or both')
  .openapi('PhotoChange', { description: 'null: as the gateway finds it, as long as its kind' })
export const profileChange = z.strictObject({ access }).openapi('ProfileChange')

/** Fields of a form in front of its file; they come as text. */
export const formFields = z.strictObject({
  at: z
    .string()
    .regex(/^\d{1,5}$/, 'a whole number from 0 to 10000')
    .transform(Number)
    .pipe(position)
    .optional(),
  sha256: sha256.optional(),
})

export const page = z.strictObject({
  cursor: z.string().max(400).optional().openapi({ description: '`next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

const next = z.string().optional().openapi({ description: 'The cursor of the next page, if there is one' })
export const itemsPage = z
  .strictObject({
    items: z
      .array(z.strictObject({ itemId: id, owner: z.string(), access, photos: z.int().nonnegative() }))
      .readonly(),
    next,
  })
  .openapi('ItemsPage')
export const documentsPage = z
  .strictObject({ documents: z.array(document).readonly(), next })
  .openapi('DocumentsPage')

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
  content: { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } },
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
