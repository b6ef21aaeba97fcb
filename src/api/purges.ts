import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { GatewayError } from '../errors.ts'
import { requireAdmin } from './admin.ts'
import type { ApiParts } from './api.ts'
import type { ApiEnv } from './env.ts'
import { id, json, jsonBody, PROBLEMS, TOKEN } from './schemas.ts'

/** Of each kind; a prefix says more in fewer words. */
const MOST = 1000

const named = (description: string, example: string) =>
  z
    .array(z.string().min(1).max(4000))
    .max(MOST)
    .optional()
    .openapi({ description, example: [example] })

const purgeRequest = z
  .strictObject({
    items: z.array(id).max(MOST).optional(),
    tags: named('Cache tags', 'photo:42/p1'),
    paths: named('Source paths, paths of pictures, or URLs of sources', '/img/items/42/800.webp'),
    prefixes: named('What source paths begin with, up to a slash', 'photos/2024/'),
  })
  .openapi('PurgeRequest', { description: 'At least one of them' })

const count = z.number().nonnegative()
const purge = z
  .strictObject({
    id,
    phase: z.enum(['waiting', 'sent', 'done']).openapi({
      description:
        '`sent`: the edge is told once, and will be told again; without a distribution done at once',
    }),
    invalidations: z.array(z.string()).readonly().openapi({ description: 'The ids that the edge gave' }),
    at: z.iso.datetime().openapi({ description: 'When it got so far' }),
    refused: z.array(z.string()).optional().openapi({ description: 'What the edge did not take' }),
  })
  .openapi('Purge')

const status = z
  .strictObject({
    waiting: count,
    sent: count,
    oldestMs: count.openapi({ description: 'Age of the oldest that waits' }),
    refusal: z
      .strictObject({ reason: z.string(), message: z.string(), at: z.iso.datetime() })
      .optional()
      .openapi({ description: 'Why the edge did not take the last one that it did not take' }),
  })
  .openapi('PurgeStatus')

/** `/purge`, `/purges`: making all caches forget, and how far that is. */
export function addPurgeRoutes(app: OpenAPIHono<ApiEnv>, { purges, idempotent }: ApiParts): void {
  const ask = createRoute({
    method: 'post',
    path: '/purge',
    summary: 'Makes all replicas, the bucket and the edge forget items, tags, paths or prefixes',
    security: TOKEN,
    middleware: [requireAdmin, idempotent],
    request: { body: jsonBody(purgeRequest) },
    responses: { 202: json(purge, 'It will be done, whatever happens'), ...PROBLEMS },
  })
  app.openapi(ask, async (c) => {
    const begun = await purges.begin(c.req.valid('json'), c.req.raw.signal)
    c.header('location', `/api/v1/purges/${begun.purge.id}`)
    return c.json(begun.purge, 202)
  })

  const look = createRoute({
    method: 'get',
    path: '/purges/{purgeId}',
    summary: 'How far a purge is; kept for a week',
    security: TOKEN,
    middleware: [requireAdmin],
    request: { params: z.object({ purgeId: id }) },
    responses: { 200: json(purge, 'The purge'), ...PROBLEMS },
  })
  app.openapi(look, async (c) => {
    const found = await purges.find(c.req.valid('param').purgeId)
    if (found === undefined) throw new GatewayError('not_found', 'There is no purge with this id')
    return c.json(found, 200)
  })

  const queue = createRoute({
    method: 'get',
    path: '/purges',
    summary: 'What waits for the edge',
    security: TOKEN,
    middleware: [requireAdmin],
    responses: { 200: json(status, 'The queue'), ...PROBLEMS },
  })
  app.openapi(queue, async (c) => c.json(await purges.status(), 200))
}
