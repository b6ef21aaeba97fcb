import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { setCookie } from 'hono/cookie'
import { GatewayError } from '../errors.ts'
import type { ChangeOptions } from '../library/library.ts'
import type { AlbumRecord } from '../media/records.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, principalOf, requireUser } from './env.ts'
import { ACCESS_COOKIE } from '../identity/access-links.ts'
import { revisionEtag, type Target, wantedRevision } from './guard.ts'
import {
  PROBLEMS,
  TOKEN,
  TOKEN_OR_NONE,
  cookiesSet,
  coverChange,
  item,
  itemChange,
  itemParams,
  json,
  jsonBody,
  nothing,
  orderChange,
} from './schemas.ts'

/** An album as something to guard. */
export const guardedAlbum = (album: Pick<AlbumRecord, 'itemId' | 'owner' | 'access'>): Target => ({
  object: `items/${album.itemId}`,
  kind: 'picture',
  owner: album.owner,
  access: album.access,
})

/** `/items/{itemId}`: an item's photos as a whole. */
export function addItemRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  addItemItself(app, parts)
  addItemOrder(app, parts)
  addItemCookies(app, parts)
}

function addItemItself(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { albums, guard } = parts
  const security = { security: TOKEN, middleware: [requireUser] }

  const get = createRoute({
    method: 'get',
    path: '/items/{itemId}',
    summary: 'An item: its photos in order, the first is the cover',
    security: TOKEN_OR_NONE,
    request: { params: itemParams },
    responses: { 200: json(item, 'The item'), ...PROBLEMS },
  })
  app.openapi(get, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    await guard.read(c, guardedAlbum(album), 'grant')
    return c.json(showAlbum(parts, c, album), 200)
  })

  const put = createRoute({
    method: 'put',
    path: '/items/{itemId}',
    summary: 'Makes an item, or changes who may see its photos',
    ...security,
    request: { params: itemParams, body: jsonBody(itemChange) },
    responses: { 200: json(item, 'The item as changed'), 201: json(item, 'The new item'), ...PROBLEMS },
  })
  app.openapi(put, async (c) => {
    const { itemId } = c.req.valid('param')
    const change = c.req.valid('json')
    const album = await albums.find(itemId, c.req.raw.signal)
    if (album === undefined)
      return c.json(showAlbum(parts, c, await makeAlbum(parts, c, itemId, change)), 201)
    await mayChangeAlbum(parts, c, album, `access ${change.access}`)
    if (change.owner !== undefined && change.owner !== album.owner) {
      throw new GatewayError('conflict', 'body.owner: the owner of an item does not change')
    }
    const changed = await albums.setAccess(itemId, change.access, by(c))
    return c.json(showAlbum(parts, c, changed), 200)
  })

  addItemRemoval(app, parts)
}

function addItemRemoval(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { albums } = parts
  const security = { security: TOKEN, middleware: [requireUser] }

  const remove = createRoute({
    method: 'delete',
    path: '/items/{itemId}',
    summary: 'Deletes an item and all its photos',
    ...security,
    request: { params: itemParams },
    responses: { 204: nothing('Nothing of it is left'), ...PROBLEMS },
  })
  app.openapi(remove, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    await mayChangeAlbum(parts, c, album, 'delete')
    await albums.removeAll(album.itemId, { ...by(c), andAlbum: true })
    return c.body(null, 204)
  })
}

function addItemOrder(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { albums } = parts
  const security = { security: TOKEN, middleware: [requireUser] }

  const order = createRoute({
    method: 'put',
    path: '/items/{itemId}/order',
    summary: 'Puts the photos into another order: all that there are, each once',
    ...security,
    request: { params: itemParams, body: jsonBody(orderChange) },
    responses: { 200: json(item, 'The item as changed'), ...PROBLEMS },
  })
  app.openapi(order, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    await mayChangeAlbum(parts, c, album, 'order')
    const changed = await albums.reorder(album.itemId, c.req.valid('json').photoIds, by(c))
    return c.json(showAlbum(parts, c, changed), 200)
  })

  const cover = createRoute({
    method: 'put',
    path: '/items/{itemId}/cover',
    summary: 'Moves a photo to the front',
    ...security,
    request: { params: itemParams, body: jsonBody(coverChange) },
    responses: { 200: json(item, 'The item as changed'), ...PROBLEMS },
  })
  app.openapi(cover, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    const { photoId } = c.req.valid('json')
    await mayChangeAlbum(parts, c, album, `cover ${photoId}`)
    return c.json(showAlbum(parts, c, await albums.setCover(album.itemId, photoId, by(c))), 200)
  })

  const clear = createRoute({
    method: 'delete',
    path: '/items/{itemId}/photos',
    summary: 'Deletes all photos of an item',
    ...security,
    request: { params: itemParams },
    responses: { 204: nothing('They are gone'), ...PROBLEMS },
  })
  app.openapi(clear, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    await mayChangeAlbum(parts, c, album, 'delete all photos')
    await albums.removeAll(album.itemId, by(c))
    return c.body(null, 204)
  })
}

/** Cookies for a page with many pictures of one item: the browser shows them with each, at the edge and here. */
function addItemCookies(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const { guard, publicUrls, signCookie, cookieDomain, accessLinkTtlS, now = Date.now } = parts
  if (signCookie === undefined) return

  const set = createRoute({
    method: 'post',
    path: '/items/{itemId}/cookies',
    summary: 'Cookies that let this browser read all pictures of the item, for a while',
    security: TOKEN_OR_NONE,
    request: { params: itemParams },
    responses: { 200: json(cookiesSet, 'The cookies are in Set-Cookie'), ...PROBLEMS },
  })
  app.openapi(set, async (c) => {
    const album = await albumOf(parts, c, c.req.valid('param').itemId)
    await guard.read(c, guardedAlbum(album), 'grant')
    const below = `/img/items/${album.itemId}/`
    // Nothing that outlives a change of access for what anybody may read now.
    if (album.access === 'public') return c.json({ url: publicUrls.of(below) }, 200)
    const expiresAt = new Date(now() + accessLinkTtlS * 1000)
    const { url, path, cookies } = publicUrls.cookies(below, expiresAt)
    const ours = { [ACCESS_COOKIE]: signCookie(`items/${album.itemId}`, expiresAt) }
    for (const [name, value] of Object.entries({ ...cookies, ...ours })) {
      const domain = cookieDomain === undefined ? {} : { domain: cookieDomain }
      const limits = { ...domain, path, maxAge: accessLinkTtlS }
      setCookie(c, name, value, { ...limits, secure: true, httpOnly: true, sameSite: 'Lax' })
    }
    return c.json({ url, expiresAt: expiresAt.toISOString() }, 200)
  })
}

/** Who changes, for the library. */
export const by = (c: Context<ApiEnv>): ChangeOptions => ({
  by: principalOf(c).id,
  ifRevision: wantedRevision(c),
  signal: c.req.raw.signal,
})

/** The album of an item; `not_found` when there is none. */
export async function albumOf({ albums }: ApiParts, c: Context<ApiEnv>, itemId: string) {
  const album = await albums.find(itemId, c.req.raw.signal)
  if (album === undefined) throw new GatewayError('not_found', 'There is nothing here')
  return album
}

/** Throws for who may not change an album. */
export async function mayChangeAlbum(
  { guard }: ApiParts,
  c: Context<ApiEnv>,
  album: AlbumRecord,
  what: string,
): Promise<void> {
  const action = what.startsWith('delete') ? 'delete' : 'change'
  await guard.change(c, guardedAlbum(album), action, what)
}

/** An album as an answer, with the ETag that a change of it may name. */
export function showAlbum({ pictureUrls }: ApiParts, c: Context<ApiEnv>, album: AlbumRecord) {
  const { itemId, owner, access, revision, photos } = album
  c.header('etag', revisionEtag(revision))
  const shown = photos.map((photo) => pictureUrls.photoOfItem(album, photo))
  return { itemId, owner, access, revision, photos: shown }
}

type ItemChange = z.infer<typeof itemChange>

async function makeAlbum(
  { albums, guard }: ApiParts,
  c: Context<ApiEnv>,
  itemId: string,
  { access, owner: named }: ItemChange,
): Promise<AlbumRecord> {
  const owner = newOwner(c, named)
  await guard.change(c, guardedAlbum({ itemId, owner, access }), 'create', `access ${access}`)
  return albums.create(itemId, { owner, access }, by(c))
}

/** Users own what they make; servers say for whom they make it. */
function newOwner(c: Context<ApiEnv>, named: string | undefined): string {
  const { id, kind } = principalOf(c)
  if (named !== undefined || kind === 'user') return named ?? id
  throw new GatewayError('invalid_request', 'body.owner: a server says whose item it makes')
}
