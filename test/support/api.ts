import type { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { z, ZodType } from 'zod'
import { createPublicUrls } from '../../src/cdn/public-urls.ts'
import { createApi } from '../../src/api/api.ts'
import type { ApiEnv, ApiOptions } from '../../src/api/env.ts'
import type { AuditEntry } from '../../src/audit/audit.ts'
import { GatewayError } from '../../src/errors.ts'
import type { MediaEvent } from '../../src/events/media-event.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import { createAccessLinks, formatAccessGrant } from '../../src/identity/access-links.ts'
import { createIdentity } from '../../src/identity/identity.ts'
import type { Role } from '../../src/identity/principal.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { createReadClientAddress } from '../../src/limits/client-address.ts'
import { createLimits } from '../../src/limits/limits.ts'
import { AskedPurges } from '../../src/purging/asked-purges.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createMemoryTransfers } from '../../src/transfers/memory-transfers.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { openLibrary } from '../library/library.ts'
import { createUploadsTwin } from './uploads-twin.ts'

export const SERVER_KEY = 'hk_a-server-of-the-shop-0123456789abcdef'
export const ADMIN_KEY = 'hk_a-server-that-may-all-0123456789abcdef'
const ACCESS_KEY = 'a key for access links'
export const TOKEN_SECRET = 'a secret for tests that is long enough for HS256'
const IDENTITY = {
  secrets: [TOKEN_SECRET],
  audience: 'halftone',
  rolesClaim: 'roles',
  apiKeys: [
    { name: 'shop', roles: [], secret: SERVER_KEY },
    { name: 'back-office', roles: ['admin'], secret: ADMIN_KEY },
  ],
} satisfies Parameters<typeof createIdentity>[0]

export const accessLinks = createAccessLinks([ACCESS_KEY])

/** The value of `Authorization` for a user. */
export async function tokenOf(user: string, ...roles: Role[]): Promise<string> {
  const expiresAt = new Date(Date.now() + 3_600_000)
  return `Bearer ${await mintToken(IDENTITY, { user, roles, expiresAt })}`
}

export interface Call {
  readonly as?: string | undefined
  readonly json?: unknown
  readonly body?: RequestInit['body']
  readonly headers?: Readonly<Record<string, string>>
}

type PartsOfApi =
  | 'store'
  | 'albums'
  | 'profiles'
  | 'documents'
  | 'uploads'
  | 'transfers'
  | 'audit'
  | 'outbox'
  | 'purges'

/** Options of the API for tests: users by tokens, no limits. */
function apiOptions(options: Pick<ApiOptions, PartsOfApi> & Partial<ApiOptions>): ApiOptions {
  return {
    identity: createIdentity(IDENTITY),
    limits: createLimits({
      perMinute: { tickets: 0, completes: 0, 'private-renders': 0 },
      usersPerAddress: 1,
    }),
    readClientAddress: createReadClientAddress({ trustedHops: 0, originSecrets: [] }),
    publicUrls: createPublicUrls({ gatewayUrl: 'https://pictures.test' }),
    signAccess: (path, until) => formatAccessGrant(accessLinks.sign(path, until)),
    accessLinkTtlS: 900,
    allowedOrigins: [],
    publicOriginals: false,
    edge: { purges: false, hearsBucket: false, seconds: { media: 2_592_000, document: 604_800 } },
    maxForms: 8,
    maxDownloads: 8,
    maxFormBytes: 10_000,
    bodyTimeoutMs: 10_000,
    ...options,
  }
}

/** A form as bytes: Node 24 throws out of reach when the stream that it makes of one is refused half-way. */
async function writeForm(form: FormData): Promise<{ headers: Record<string, string>; body: ArrayBuffer }> {
  const written = new Response(form)
  return {
    headers: { 'content-type': written.headers.get('content-type') ?? '' },
    body: await written.arrayBuffer(),
  }
}

/** The API on a bucket in memory with the real library; uploads are a twin. Every answer is checked against its schema. */
export function createTestApi(options: Partial<ApiOptions> = {}) {
  const store = options.store ?? createMemoryObjectStore()
  const library = openLibrary(store)
  const transfers = createMemoryTransfers(store)
  const { albums, profiles } = library
  const audited: AuditEntry[] = []
  const events: string[] = []
  const tell = (verb: string) => async (event: MediaEvent) => void events.push(`${verb} ${event.type}`)
  const failures: unknown[] = []
  const purges = new AskedPurges({
    store,
    clock: { now: Date.now },
    dialect: createNativeDialect({ presets: parsePresets(''), signingKeys: [] }),
    onFailure: (error) => failures.push(error),
  })
  const uploads = createUploadsTwin({ transfers, albums, profiles, maxBytes: 1_000 })
  const api = createApi(
    apiOptions({
      store,
      ...library,
      transfers,
      uploads,
      purges,
      audit: { record: async (entry) => void audited.push(entry) },
      outbox: { intend: tell('intend'), confirm: tell('confirm'), withdraw: tell('withdraw') },
      ...options,
    }),
  )
  const app = mount(api)
  async function call(line: string, { as, json, body, headers }: Call = {}): Promise<Response> {
    const [method = 'GET', path = ''] = line.split(' ')
    const form = body instanceof FormData ? await writeForm(body) : undefined
    const init = {
      method,
      headers: {
        ...(as !== undefined && { authorization: as }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...form?.headers,
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body !== undefined && { body: form?.body ?? body }),
    }
    const env = { incoming: { url: `/api/v1${path}`, socket: { remoteAddress: '192.0.2.7' } } }
    const response = await app.request(`http://test/api/v1${path}`, init, env)
    await checkAnswer(api, { method, path }, response.clone())
    return response
  }
  return { store, library, transfers, uploads, purges, failures, api, app, call, audited, events }
}

export type TestApi = ReturnType<typeof createTestApi>

/** The body of an answer. */
export async function readAs<T>(response: Response, schema: ZodType<T>): Promise<T> {
  return schema.parse(await response.json())
}

/** The code of a refusal. */
export async function codeOf(response: Response): Promise<string> {
  const { code } = await readAs(response, z.object({ code: z.string().optional() }))
  return `${response.status} ${code}`
}

/** What the gateway's app is to the API. */
export function mount(api: OpenAPIHono<ApiEnv>): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.use(async (c, next) => {
    c.set('requestId', 'test-1')
    await next()
  })
  app.onError(problemAnswer)
  app.notFound((c) => problemAnswer(new GatewayError('route_not_found', 'There is nothing here'), c))
  return app.route('/api/v1', api)
}

/** Throws when an answer is not what its route says: its schema takes no field more and none less. */
async function checkAnswer(
  api: OpenAPIHono<ApiEnv>,
  { method, path }: { method: string; path: string },
  response: Response,
): Promise<void> {
  const [bare = ''] = path.split('?')
  const route = api.openAPIRegistry.definitions
    .flatMap((definition) => (definition.type === 'route' ? [definition.route] : []))
    .find(
      (route) =>
        route.method === method.toLowerCase() &&
        new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(bare),
    )
  if (route === undefined) return
  const answer = route.responses[response.status] ?? route.responses['default']
  const content = answer !== undefined && 'content' in answer ? answer.content : undefined
  const type = response.headers.get('content-type') ?? ''
  const media = Object.entries(content ?? {}).find(([name]) => type.startsWith(name))?.[1]
  const schema = media !== undefined && 'schema' in media ? media.schema : undefined
  if (schema instanceof ZodType) schema.parse(await response.json())
  else if (type.includes('json')) throw new Error(`${method} ${path}: ${response.status} is not described`)
}
