import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { GatewayError } from '../errors.ts'
import { DEFAULT_PRICES, monthlyCost, type PriceTable } from '../media/prices.ts'
import { albumKey } from '../media/records.ts'
import { noteGrowth } from '../media/growth.ts'
import { measureLibrary, OBJECT_KINDS } from '../media/statistics.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { findLastSweep } from '../sweep/last-report.ts'
import { idPattern } from '../urls/ids.ts'
import type { ApiParts } from './api.ts'
import { type ApiEnv, principalOf } from './env.ts'
import { PROBLEMS, TOKEN, formatCursor, itemsPage, json, page, parseCursor } from './schemas.ts'

const STATISTICS_TTL_MS = 60_000
const ALBUM_KEY = /^items\/([^/]+)\/album\.json$/

const count = z.number().nonnegative()
const amount = z.strictObject({ objects: count, bytes: count })
const statistics = z
  .strictObject({
    measuredAt: z.iso.datetime(),
    ...amount.shape,
    kinds: z.record(z.enum(OBJECT_KINDS), amount),
    items: count,
    itemsWithoutAlbum: count,
    photos: count,
    profiles: count,
    largestItems: z.array(z.strictObject({ itemId: z.string(), photos: count, ...amount.shape })).readonly(),
    growth: z
      .strictObject({ since: z.iso.date(), objects: z.number(), bytes: z.number() })
      .optional()
      .openapi({ description: 'Since some 30 days ago, or the first day that was counted' }),
    lastSweep: z
      .strictObject({ mode: z.enum(['dry-run', 'delete']), endedAt: z.string(), ...amount.shape })
      .optional()
      .openapi({ description: 'What it freed; of a dry run what a real one would free' }),
    monthlyEstimate: z.strictObject({
      prices: z.string(),
      currency: z.string(),
      storage: count,
      requests: count,
      total: count,
    }),
  })
  .openapi('Statistics')

/** Lets nobody through but administrators. */
export const requireAdmin: MiddlewareHandler<ApiEnv> = async function requireAdmin(c, next) {
  if (!principalOf(c).roles.has('admin'))
    throw new GatewayError('access_denied', 'This is for administrators')
  await next()
}

/** What only administrators ask: all items, and what the bucket holds. */
export function addAdminRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const security = { security: TOKEN, middleware: [requireAdmin] }
  const measure = createStatistics(parts.store, parts.prices)

  const list = createRoute({
    method: 'get',
    path: '/items',
    summary: 'All items, page by page, in the order of their keys',
    ...security,
    request: { query: page },
    responses: { 200: json(itemsPage, 'A page of items'), ...PROBLEMS },
  })
  app.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid('query')
    const { signal } = c.req.raw
    const ids = await itemIds(parts.store, { after: parseCursor(cursor), limit: limit + 1, signal })
    const albums = await Promise.all(ids.slice(0, limit).map((itemId) => parts.albums.find(itemId, signal)))
    const items = albums.flatMap((album) =>
      album === undefined
        ? []
        : [{ itemId: album.itemId, owner: album.owner, access: album.access, photos: album.photos.length }],
    )
    const last = ids.length > limit ? ids[limit - 1] : undefined
    return c.json({ items, ...(last !== undefined && { next: formatCursor(last) }) }, 200)
  })

  const stats = createRoute({
    method: 'get',
    path: '/stats',
    summary: 'What the bucket holds, and an estimate of what that costs; measured at most once a minute',
    ...security,
    responses: { 200: json(statistics, 'The statistics'), ...PROBLEMS },
  })
  app.openapi(stats, async (c) => c.json(await measure(), 200))
}

interface Stretch {
  readonly after: string | undefined
  readonly limit: number
  readonly signal: AbortSignal
}

async function itemIds(store: ObjectStore, { after, limit, signal }: Stretch): Promise<string[]> {
  const ids: string[] = []
  const from = after === undefined ? undefined : albumKey(after)
  for await (const { key } of store.list('items/', { after: from, signal })) {
    const [, itemId] = ALBUM_KEY.exec(key) ?? []
    if (itemId === undefined || !idPattern.test(itemId)) continue
    ids.push(itemId)
    if (ids.length === limit) break
  }
  return ids
}

/** Counts the bucket for whoever asks, and for all who ask meanwhile and within a minute. */
function createStatistics(store: ObjectStore, prices: PriceTable = DEFAULT_PRICES) {
  let last: { readonly found: Promise<z.infer<typeof statistics>>; readonly startedAt: number } | undefined
  return function measure(): Promise<z.infer<typeof statistics>> {
    const now = performance.now()
    if (last !== undefined && now - last.startedAt < STATISTICS_TTL_MS) return last.found
    const found = measureAll(store, prices)
    const mine = { found, startedAt: now }
    last = mine
    found.catch(() => {
      if (last === mine) last = undefined
    })
    return found
  }
}

async function measureAll(store: ObjectStore, prices: PriceTable): Promise<z.infer<typeof statistics>> {
  const library = await measureLibrary(store.list(''))
  const now = new Date()
  const growth = await noteGrowth(store, library, now)
  const lastSweep = await findLastSweep(store)
  const { name, currency } = prices
  return {
    measuredAt: now.toISOString(),
    ...library,
    ...(growth && { growth }),
    ...(lastSweep && { lastSweep }),
    monthlyEstimate: { prices: name, currency, ...monthlyCost(library.bytes, prices) },
  }
}
