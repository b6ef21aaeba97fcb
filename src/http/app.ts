import { Hono } from 'hono'
import { CACHE_CONTROL } from '../cdn/cache-policy.ts'
import { GatewayError } from '../errors.ts'
import type { Readiness } from '../telemetry/readiness.ts'
import { health } from './admin-app.ts'
import { behindEdge, type BehindEdgeOptions, createIsWelcome, routingPathOf } from './behind-edge.ts'
import type { AppEnv } from './env.ts'
import { answerHits } from './hits.ts'
import { type ImagesOptions, images, Plans, type PlansOptions } from './images.ts'
import { createReadWish } from './negotiation.ts'
import { createRecorder, observe, type RecorderOptions } from './observe.ts'
import { problemAnswer } from './problem.ts'

export interface AppOptions
  extends PlansOptions,
    BehindEdgeOptions,
    Omit<ImagesOptions, 'plans' | 'readWish'>,
    Omit<RecorderOptions, 'routeOf' | 'originSecrets' | 'readClientAddress'> {
  readonly readiness: Readiness
  /** What is mounted at `/api/v1`; without it there is nothing. */
  readonly api?: Hono<AppEnv> | undefined
  /** What is mounted for programs that know hosted images: routes with paths of their own; without it there is nothing. */
  readonly hosted?: Hono<AppEnv> | undefined
  /** What is mounted at `/events`, for notifications of the bucket; without it there is nothing. */
  readonly events?: Hono<AppEnv> | undefined
  /** What browsers are given to run; without it there is nothing. */
  readonly pages?: Hono<AppEnv> | undefined
  /** The demo page at `/` and its files; without it there is nothing. */
  readonly demo?: Hono<AppEnv> | undefined
}

const IMAGE_METHODS = 'GET, HEAD, OPTIONS'

/** The routes, as a table of contents. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const pathOf = routingPathOf(options)
  const app = new Hono<AppEnv>({ getPath: (request, context) => pathOf(request, context?.env) })

  const recorder = createRecorder({ ...options, routeOf })
  const plans = new Plans(options)
  const readWish = createReadWish(options.originSecrets)

  app.use(observe(recorder))
  app.use(behindEdge(options))
  app.onError(problemAnswer)
  app.notFound((c) => problemAnswer(new GatewayError('route_not_found', 'There is nothing here'), c))

  const serveImage = images({ ...options, plans, readWish })
  for (const route of ['/img/*', '/simg/*']) {
    app.get(route, serveImage)
    app.options(route, (c) => c.body(null, 204, preflight))
    app.all(route, (c) => {
      c.header('allow', IMAGE_METHODS)
      throw new GatewayError('method_not_allowed', `Pictures are read with ${IMAGE_METHODS}`)
    })
  }

  if (options.api !== undefined) app.route('/api/v1', options.api)
  if (options.hosted !== undefined) app.route('/', options.hosted)
  if (options.events !== undefined) app.route('/events', options.events)
  if (options.pages !== undefined) app.route('/', options.pages)
  app.route('/', health(options.readiness))
  if (options.demo !== undefined) app.route('/', options.demo)

  const answerHit = answerHits({ ...options, plans, readWish, recorder })
  const isWelcome = createIsWelcome(options)
  const { fetch } = app
  app.fetch = (request, env, context) =>
    (isWelcome(request, '') ? answerHit(request, env) : undefined) ?? fetch(request, env, context)
  return app
}

/** Any page may read pictures with `fetch` or draw them on a canvas. */
const preflight = {
  allow: IMAGE_METHODS,
  'access-control-allow-origin': '*',
  'access-control-allow-methods': IMAGE_METHODS,
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
  'cache-control': CACHE_CONTROL.H,
}

/** Few values, whatever strangers ask for: each is a series in the metrics. */
function routeOf(path: string): string {
  if (path.startsWith('/img/')) return 'img'
  if (path.startsWith('/simg/')) return 'simg'
  if (path.startsWith('/api/')) return 'api'
  if (/^\/(?:client|batch|upload)\//.test(path)) return 'hosted'
  if (path.startsWith('/events/')) return 'events'
  return path === '/' || path === '/livez' || path === '/readyz' ? path : 'other'
}
