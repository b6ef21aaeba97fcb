import { OpenAPIHono } from '@hono/zod-openapi'
import type { Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import type { PriceTable } from '../media/prices.ts'
import { addAdminRoutes } from './admin.ts'
import { Bound } from '../limits/bound.ts'
import { addDocumentRoutes } from './documents.ts'
import type { ApiEnv, ApiOptions } from './env.ts'
import { createGuard, type Guard } from './guard.ts'
import { createIdempotency } from './idempotency.ts'
import { addItemRoutes } from './items.ts'
import { allowOrigins, identify, privateAnswers, readJson } from './middleware.ts'
import { Outflow } from '../limits/outflow.ts'
import { addPhotoRoutes } from './photos.ts'
import { createPictureUrls, type PictureUrlWriter } from '../cdn/picture-urls.ts'
import { addProfileRoutes } from './profiles.ts'
import { addPurgeRoutes } from './purges.ts'
import { addUploadRoutes } from './uploads.ts'

/** What routes work with. */
export interface ApiParts extends ApiOptions {
  readonly prices?: PriceTable | undefined
  readonly guard: Guard
  readonly pictureUrls: PictureUrlWriter
  readonly outflow: Outflow
  /** Forms that are being received. */
  readonly forms: Bound
  readonly idempotent: ReturnType<typeof createIdempotency>
}

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'Halftone',
    version: '1',
    description: 'Signed uploads and the media library. Errors are RFC 9457 with a stable `code`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/api/v1' }],
}

/** The API below `/api/v1`, as a table of contents. */
export function createApi(options: ApiOptions): OpenAPIHono<ApiEnv> {
  const parts: ApiParts = {
    ...options,
    guard: createGuard(options.audit),
    pictureUrls: createPictureUrls(options),
    outflow: new Outflow({ maxStreams: options.maxDownloads, idleTimeoutMs: options.bodyTimeoutMs }),
    forms: new Bound(options.maxForms, 'files are being received'),
    idempotent: createIdempotency(options.store),
  }
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid })

  app.use(privateAnswers)
  app.use(allowOrigins(options.allowedOrigins))
  app.use(identify(options))
  app.use(readJson(options.bodyTimeoutMs))

  addUploadRoutes(app, parts)
  addItemRoutes(app, parts)
  addPhotoRoutes(app, parts)
  addProfileRoutes(app, parts)
  addDocumentRoutes(app, parts)
  addAdminRoutes(app, parts)
  addPurgeRoutes(app, parts)
  addDescription(app)
  addOtherMethods(app)
  return app
}

interface Validated {
  readonly target: string
  readonly success: boolean
  readonly error?: { readonly issues: readonly { path: readonly PropertyKey[]; message: string }[] }
}

/** Names of the parts of a request, for people. */
const PARTS: Readonly<Record<string, string>> = { json: 'body', param: 'path' }

/** Refuses what a schema does not take: each fault with its place and what is accepted there. */
function refuseInvalid({ target, success, error }: Validated): void {
  if (success) return
  const faults = error?.issues.map(({ path, message }) => {
    const place = [PARTS[target] ?? target, ...path.map(String)].join('.')
    return `${place}: ${message}`
  })
  throw new GatewayError('invalid_request', faults?.join('; ') ?? 'The request is not understood')
}

/** `/openapi.json`: what the routes say of themselves. */
function addDescription(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'A JWT of a user, or the API key of a server',
  })
  const description = app.getOpenAPI31Document(ABOUT)
  app.get('/openapi.json', (c) => c.json(description))
}

/** Answers OPTIONS, and 405 to every other method that a path does not have. */
function addOtherMethods(app: Hono<ApiEnv>): void {
  const methods = new Map<string, Set<string>>()
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue
    const known = methods.get(path) ?? new Set()
    known.add(method)
    if (method === 'GET') known.add('HEAD')
    methods.set(path, known.add('OPTIONS'))
  }
  for (const [path, known] of methods) {
    const allow = [...known].toSorted().join(', ')
    app.options(path, (c) => c.body(null, 204, { allow }))
    app.all(path, (c) => {
      c.header('allow', allow)
      throw new GatewayError('method_not_allowed', `Here there is ${allow}`)
    })
  }
}
