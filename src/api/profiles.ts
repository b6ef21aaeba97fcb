import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'
import type { ProfileRecord } from '../media/records.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, requireUser } from './env.ts'
import { revisionEtag, type Target } from './guard.ts'
import { by } from './items.ts'
import { limited } from './middleware.ts'
import { DISPOSITIONS, FORM, ORIGINAL_URL, originalAnswer, originalUrl, receive } from './photos.ts'
import {
  PROBLEMS,
  TOKEN,
  TOKEN_OR_NONE,
  bytes,
  completed,
  fileUrl,
  json,
  jsonBody,
  nothing,
  profile,
  profileChange,
  userParams,
} from './schemas.ts'

/** A profile as something to guard; one that is not there is its user's, and nobody else hears of it. */
const guardedProfile = (userId: string, found: ProfileRecord | undefined): Target => ({
  object: `profiles/${userId}`,
  kind: 'picture',
  owner: found?.owner ?? userId,
  access: found?.access ?? 'public',
})

/** `/profiles/{userId}`: a user's photo, of which there is one at most. */
export function addProfileRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  addProfileItself(app, parts)
  addProfilePhoto(app, parts)
  addProfileFiles(app, parts)
}

function addProfileItself(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const get = createRoute({
    method: 'get',
    path: '/profiles/{userId}',
    summary: "A user's profile, with its photo if there is one",
    security: TOKEN_OR_NONE,
    request: { params: userParams },
    responses: { 200: json(profile, 'The profile'), ...PROBLEMS },
  })
  app.openapi(get, async (c) => {
    const { found, target } = await profileOf(parts, c, c.req.valid('param').userId)
    await parts.guard.read(c, target, 'grant')
    return c.json(showProfile(parts, c, found), 200)
  })

  const put = createRoute({
    method: 'put',
    path: '/profiles/{userId}',
    summary: 'Changes who may see the photo',
    security: TOKEN,
    middleware: [requireUser],
    request: { params: userParams, body: jsonBody(profileChange) },
    responses: { 200: json(profile, 'The profile as changed'), ...PROBLEMS },
  })
  app.openapi(put, async (c) => {
    const { userId } = c.req.valid('param')
    const { access } = c.req.valid('json')
    const found = await parts.profiles.find(userId, c.req.raw.signal)
    await parts.guard.change(c, guardedProfile(userId, found), 'change', `access ${access}`)
    return c.json(showProfile(parts, c, await parts.profiles.setAccess(userId, access, by(c))), 200)
  })
}

function addProfilePhoto(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { limits, idempotent } = parts

  const set = createRoute({
    method: 'post',
    path: '/profiles/{userId}/photo',
    summary: 'Sets or replaces the photo, through the gateway',
    security: TOKEN,
    middleware: [requireUser, limited(limits, 'completes'), idempotent],
    request: { params: userParams, body: FORM },
    responses: { 201: json(completed, 'The photo'), ...PROBLEMS },
  })
  app.openapi(set, async (c) => {
    const { userId } = c.req.valid('param')
    return c.json(await receive(parts, c, { kind: 'profile-photo', ownerId: userId }), 201)
  })

  const remove = createRoute({
    method: 'delete',
    path: '/profiles/{userId}/photo',
    summary: 'Deletes the photo',
    security: TOKEN,
    middleware: [requireUser],
    request: { params: userParams },
    responses: { 204: nothing('It is gone'), ...PROBLEMS },
  })
  app.openapi(remove, async (c) => {
    const { found, target } = await profileOf(parts, c, c.req.valid('param').userId)
    await parts.guard.change(c, target, 'delete', 'photo')
    await parts.profiles.removePhoto(found.userId, by(c))
    return c.body(null, 204)
  })
}

function addProfileFiles(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  for (const [name, disposition, summary] of DISPOSITIONS) {
    const route = createRoute({
      method: 'get',
      path: `/profiles/{userId}/photo/${name}`,
      summary,
      security: TOKEN_OR_NONE,
      request: { params: userParams },
      responses: { 200: bytes('The file'), 206: bytes('The range that was asked for'), ...PROBLEMS },
    })
    app.openapi(route, async (c) => {
      const { found, target } = await profileOf(parts, c, c.req.valid('param').userId)
      return originalAnswer(parts, c, { target, photo: found.photo, disposition })
    })
  }

  const url = createRoute({
    method: 'get',
    path: '/profiles/{userId}/photo/original-url',
    summary: ORIGINAL_URL,
    security: TOKEN_OR_NONE,
    request: { params: userParams },
    responses: { 200: json(fileUrl, 'Its URL'), ...PROBLEMS },
  })
  app.openapi(url, async (c) => {
    const { found, target } = await profileOf(parts, c, c.req.valid('param').userId)
    const path = `/api/v1/profiles/${found.userId}/photo/download`
    return c.json(await originalUrl(parts, c, { target, photo: found.photo, path }), 200)
  })
}

async function profileOf({ profiles }: ApiParts, c: Context<ApiEnv>, userId: string) {
  const found = await profiles.find(userId, c.req.raw.signal)
  if (found === undefined) throw new GatewayError('not_found', 'There is nothing here')
  return { found, target: guardedProfile(userId, found) }
}

function showProfile({ pictureUrls }: ApiParts, c: Context<ApiEnv>, record: ProfileRecord) {
  const { userId, access, revision, photo } = record
  c.header('etag', revisionEtag(revision))
  const shown = photo && pictureUrls.photoOfProfile(record, photo)
  return { userId, access, revision, ...(shown && { photo: shown }) }
}
