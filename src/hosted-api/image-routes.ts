import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { type ApiEnv, uploadContext } from '../api/env.ts'
import { fileAnswer } from '../api/file-answer.ts'
import { GatewayError } from '../errors.ts'
import { readWholeForm, type WholeForm } from '../uploads/whole-form.ts'
import type { HostedParts } from './api.ts'
import { checked, envelope, jsonOf } from './envelope.ts'
import type { HostedImage } from '../hosted/hosted-images.ts'
import { creator, metadata, parseExpiry, parseImageForm } from './image-form.ts'
import { parseMetaFilter } from './meta-filter.ts'
import type { BroughtFile } from '../hosted/new-image.ts'

const change = z.strictObject({
  metadata: metadata.optional(),
  requireSignedURLs: z.boolean({ error: 'accepted is true or false' }).optional(),
  creator: creator.nullish(),
})

const count = (fallback: number, most: number) =>
  z.coerce
    .number({ error: `accepted is a whole number from 1 to ${most}` })
    .int()
    .min(1)
    .max(most)
    .default(fallback)

const pages = z.object({ page: count(1, 1_000_000), per_page: count(50, 100) })
const stretch = z.object({
  per_page: count(1000, 1000),
  continuation_token: z.string().optional(),
  sort_order: z.enum(['asc', 'desc'], { error: 'accepted is asc or desc' }).default('desc'),
})

/** `/v1`, `/v2`: images, one by one and as a list. */
export function addImageRoutes(app: Hono<ApiEnv>, parts: HostedParts): void {
  addNewImages(app, parts)
  addLists(app, parts)
  addImageItself(app, parts)
}

function addNewImages(app: Hono<ApiEnv>, parts: HostedParts): void {
  const { library, publicBase } = parts

  app.post('/v1', async (c) => {
    const form = await readForm(parts, c)
    const { image, url, expiry } = parseImageForm(form)
    if (expiry !== undefined) throw new GatewayError('invalid_request', 'expiry: is for direct uploads only')
    if ((form.file === undefined) === (url === undefined))
      throw new GatewayError('invalid_request', 'file, url: accepted is one of both')
    const file = form.file ?? (await fetchFile(parts, url ?? '', c.req.raw.signal))
    const show = await showing(parts, c)
    return envelope(c, show(await library.create(image, file, uploadContext(c))))
  })

  app.post('/v2/direct_upload', async (c) => {
    const form = await readForm(parts, c)
    const { image, url, expiry } = parseImageForm(form)
    if (form.file !== undefined || url !== undefined)
      throw new GatewayError('invalid_request', 'file, url: the file is sent to the uploadURL of the answer')
    const until = parseExpiry(expiry, parts.now())
    const { id, token } = await library.beginUpload(image, until, uploadContext(c))
    const base = publicBase ?? new URL(c.req.url).origin
    return envelope(c, { id, uploadURL: `${base}/upload/${token}` })
  })
}

function addLists(app: Hono<ApiEnv>, parts: HostedParts): void {
  const { listing } = parts

  app.get('/v1', async (c) => {
    const query = queryOf(c)
    const { page, per_page } = checked(pages, Object.fromEntries(query))
    const { images } = await listing.page({
      order: 'desc',
      skip: (page - 1) * per_page,
      limit: per_page,
      matches: matching(query),
      signal: c.req.raw.signal,
    })
    const show = await showing(parts, c)
    const shown = images.map((image) => show(image))
    return envelope(c, { images: shown }, { page, per_page, count: shown.length })
  })

  app.get('/v2', async (c) => {
    const query = queryOf(c)
    const { per_page, continuation_token, sort_order } = checked(stretch, Object.fromEntries(query))
    const { images, cursor } = await listing.page({
      order: sort_order,
      cursor: continuation_token,
      limit: per_page,
      matches: matching(query),
      signal: c.req.raw.signal,
    })
    const show = await showing(parts, c)
    const shown = images.map((image) => show(image))
    return envelope(c, { images: shown, continuation_token: cursor ?? null })
  })

  app.get('/v1/stats', async (c) => {
    const current = await listing.count(c.req.raw.signal)
    // There is no quota.
    return envelope(c, { count: { current, allowed: Number.MAX_SAFE_INTEGER } })
  })
}

function addImageItself(app: Hono<ApiEnv>, parts: HostedParts): void {
  const { library, albums, guard } = parts

  app.get('/v1/:id', async (c) => {
    const image = await imageOf(parts, c)
    const show = await showing(parts, c)
    return envelope(c, show(image))
  })

  app.patch('/v1/:id', async (c) => {
    const image = await imageOf(parts, c)
    const { metadata: meta, requireSignedURLs: isPrivate, creator: by } = await jsonOf(c, change)
    if (image.isPrivate || isPrivate) await guard.note(c, 'change', `items/${image.itemId}`, 'hosted image')
    const said = { meta, isPrivate, creator: by ?? undefined }
    const changed = await library.edit(image.id, said, uploadContext(c))
    const show = await showing(parts, c)
    return envelope(c, show(changed))
  })

  app.delete('/v1/:id', async (c) => {
    const id = c.req.param('id')
    const image = await parts.images.find(id, c.req.raw.signal)
    if (image?.isPrivate) await guard.note(c, 'delete', `items/${image.itemId}`, 'hosted image')
    await library.remove(id)
    return envelope(c, {})
  })

  app.get('/v1/:id/blob', async (c) => {
    const image = await imageOf(parts, c)
    const photo = image.draft ? undefined : (await albums.find(image.itemId, c.req.raw.signal))?.photos[0]
    if (photo === undefined) throw new GatewayError('not_found', 'There is no file of this image yet')
    if (image.isPrivate) await guard.note(c, 'read', `items/${image.itemId}`, photo.photoId)
    return fileAnswer(c, parts, {
      ...photo,
      fileName: image.filename,
      disposition: 'inline',
      caching: { cacheClass: 'D' },
    })
  })
}

/** The file of a one-time URL, from whoever has it. */
export function addUploadRoute(app: Hono<ApiEnv>, parts: HostedParts): void {
  const { library } = parts
  app.post('/:token', async (c) => {
    const token = c.req.param('token')
    // Before a byte of the body is read.
    await library.checkToken(token)
    const { file } = await readForm(parts, c)
    if (file === undefined)
      throw new GatewayError('invalid_request', 'file: the form has no file of this name')
    const { signal } = c.req.raw
    const context = { requestId: c.get('requestId'), address: c.get('address'), signal }
    const image = await library.completeUpload(token, file, context)
    const show = await showing(parts, c)
    return envelope(c, show(image))
  })
}

async function readForm(parts: HostedParts, c: Context<ApiEnv>): Promise<WholeForm> {
  const { forms, maxFileBytes, bodyTimeoutMs: idleTimeoutMs } = parts
  // All that a direct upload is asked for with may be left out, and then the form, too.
  if (c.req.header('content-type') === undefined) return { fields: new Map() }
  const leave = forms.enter()
  const limits = { maxBytes: maxFileBytes + 1024 * 1024, maxFileBytes, idleTimeoutMs }
  return readWholeForm(c.req.raw, limits).finally(leave)
}

async function fetchFile(
  { fetchUrl, maxFileBytes }: HostedParts,
  url: string,
  signal: AbortSignal,
): Promise<BroughtFile> {
  if (fetchUrl === undefined)
    throw new GatewayError('invalid_request', 'url: other servers are not asked here; send the file itself')
  return fetchUrl(url, { maxBytes: maxFileBytes, signal })
}

async function imageOf({ images }: HostedParts, c: Context<ApiEnv>): Promise<HostedImage> {
  const image = await images.find(c.req.param('id') ?? '', c.req.raw.signal)
  if (image === undefined) throw new GatewayError('not_found', 'There is no such image')
  return image
}

/** Shows images as answers do, with the URL of each variant: of the host that was asked where no other is set. */
async function showing({ account, imageUrl }: HostedParts, c: Context<ApiEnv>) {
  const variants = Object.keys((await account.recent()).variants)
  return ({ id, filename, uploaded, isPrivate, meta, creator: by, draft }: HostedImage) => ({
    id,
    filename,
    meta,
    ...(by !== undefined && { creator: by }),
    uploaded: uploaded.toISOString(),
    requireSignedURLs: isPrivate,
    variants: variants.map((variant) => new URL(imageUrl(id, variant), c.req.url).href),
    ...(draft && { draft }),
  })
}

const queryOf = (c: Context<ApiEnv>): URLSearchParams => new URL(c.req.url).searchParams

/** What a query asks of images; `undefined` when nothing. */
function matching(query: URLSearchParams): ((image: HostedImage) => boolean) | undefined {
  const by = query.get('creator')
  const isFiltered = [...query.keys()].some((name) => name.startsWith('meta'))
  if (by === null && !isFiltered) return undefined
  const hasMeta = parseMetaFilter(query)
  return (image) => hasMeta(image) && (by === null || (image.creator ?? '') === by)
}
