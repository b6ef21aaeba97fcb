import { Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import type { Readiness } from '../telemetry/readiness.ts'
import { health } from './admin-app.ts'
import { behindEdge, type BehindEdgeOptions, createIsWelcome, routingPathOf } from './behind-edge.ts'
import type { AppEnv } from './env.ts'
import { answerHits, type FindKnown, knownNatively } from './hits.ts'
import { type ImagesOptions, images, Plans, type PlansOptions } from './images.ts'
import { createReadWish } from './negotiation.ts'
import { createRecorder, observe, type RecorderOptions } from './observe.ts'
import { problemAnswer } from './problem.ts'
import { routePictures } from './serve-picture.ts'

/** Another dialect of image URLs, with its own words for errors. */
export interface MountedDialect {
  /** What its requests count as in the metrics. */
  readonly name: string
  readonly routes: Hono<AppEnv>
  /** Whether a path is one of its own. */
  readonly owns: (path: string) => boolean
  readonly findKnown: FindKnown
}

export interface AppOptions
  extends PlansOptions,
    BehindEdgeOptions,
    Omit<ImagesOptions, 'plans' | 'readWish'>,
    Omit<RecorderOptions, 'routeOf' | 'originSecrets' | 'readClientAddress'> {
  readonly readiness: Readiness
  /** Other dialects than the native one; without them there is only that. */
  readonly dialects?: readonly MountedDialect[] | undefined
  /** What is mounted at `/api/v1`; without it there is nothing. */
  readonly api?: Hono<AppEnv> | undefined
  /** What is mounted at `/events`, for notifications of the bucket; without it there is nothing. */
  readonly events?: Hono<AppEnv> | undefined
  /** What browsers are given to run; without it there is nothing. */
  readonly pages?: Hono<AppEnv> | undefined
  /** The demo page at `/` and its files; without it there is nothing. */
  readonly demo?: Hono<AppEnv> | undefined
}

/** The routes, as a table of contents. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { dialects = [] } = options
  const pathOf = routingPathOf(options)
  const app = new Hono<AppEnv>({ getPath: (request, context) => pathOf(request, context?.env) })

  const recorder = createRecorder({ ...options, routeOf: (path) => routeOf(path, dialects) })
  const plans = new Plans(options)
  const readWish = createReadWish(options.originSecrets)

  app.use(observe(recorder))
  app.use(behindEdge(options))
  app.onError(problemAnswer)
  app.notFound((c) => problemAnswer(new GatewayError('route_not_found', 'There is nothing here'), c))

  const serveImage = images({ ...options, plans, readWish })
  for (const route of ['/img/*', '/simg/*']) routePictures(app, route, serveImage)

  for (const { routes } of dialects) app.route('/', routes)
  if (options.api !== undefined) app.route('/api/v1', options.api)
  if (options.events !== undefined) app.route('/events', options.events)
  if (options.pages !== undefined) app.route('/', options.pages)
  app.route('/', health(options.readiness))
  if (options.demo !== undefined) app.route('/', options.demo)

  const known = [
    knownNatively({ ...options, plans, readWish }),
    ...dialects.map(({ findKnown }) => findKnown),
  ]
  const answerHit = answerHits({ dialects: known, delivery: options.delivery, recorder })
  const isWelcome = createIsWelcome(options)
  const { fetch } = app
  app.fetch = (request, env, context) =>
    (isWelcome(request, '') ? answerHit(request, env) : undefined) ?? fetch(request, env, context)
  return app
}

/** Few values, whatever strangers ask for: each is a series in the metrics. */
function routeOf(path: string, dialects: readonly MountedDialect[]): string {
  if (path.startsWith('/img/')) return 'img'
  if (path.startsWith('/simg/')) return 'simg'
  if (path.startsWith('/api/')) return 'api'
  if (path.startsWith('/events/')) return 'events'
  const dialect = dialects.find(({ owns }) => owns(path))
  if (dialect !== undefined) return dialect.name
  return path === '/' || path === '/livez' || path === '/readyz' ? path : 'other'
}
