import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { requireAdmin } from '../api/admin.ts'
import type { ApiEnv, ApiOptions } from '../api/env.ts'
import type { FileSource } from '../api/file-answer.ts'
import { createGuard, type Guard } from '../api/guard.ts'
import { identify, limited, privateAnswers, readJson } from '../api/middleware.ts'
import { GatewayError } from '../errors.ts'
import type { Albums } from '../library/library.ts'
import { Bound } from '../limits/bound.ts'
import { Outflow } from '../limits/outflow.ts'
import type { Account } from '../hosted/account.ts'
import { addAccountRoutes } from './account-routes.ts'
import { problemEnvelope } from './envelope.ts'
import type { HostedImages } from '../hosted/hosted-images.ts'
import type { HostedLibrary } from '../hosted/hosted-library.ts'
import { addImageRoutes, addUploadRoute } from './image-routes.ts'
import type { ImageListing } from '../hosted/list-images.ts'
import type { BroughtFile } from '../hosted/new-image.ts'

export interface HostedApiOptions
  extends Pick<
    ApiOptions,
    | 'audit'
    | 'bodyTimeoutMs'
    | 'identity'
    | 'limits'
    | 'maxDownloads'
    | 'maxForms'
    | 'readClientAddress'
    | 'transfers'
  > {
  /** The account id in the paths of the API. */
  readonly accountId: string
  readonly account: Account
  readonly images: HostedImages
  readonly library: HostedLibrary
  readonly listing: ImageListing
  readonly albums: Pick<Albums, 'find'>
  /** The URL of an image as a variant; where it is of no host, that of the request counts. */
  readonly imageUrl: (id: string, variant: string) => string
  /** What one-time URLs begin with; without it, where the request was sent to. */
  readonly publicBase?: string | undefined
  /** The longest file; it is held in memory while its form is read. */
  readonly maxFileBytes: number
  /** Makes a change, and what lies between us and browsers forget the copies of all images. */
  readonly forgettingAll: <T>(change: () => Promise<T>) => Promise<T>
  /** The same of all images in one named variant. */
  readonly forgettingVariant: <T>(name: string, change: () => Promise<T>) => Promise<T>
  /** Asks another server for a file; without it none is asked. */
  readonly fetchUrl?:
    | ((
        url: string,
        limits: { readonly maxBytes: number; readonly signal: AbortSignal },
      ) => Promise<BroughtFile>)
    | undefined
  /** A token for a while that may do what whoever asks for it may; without it there are none. */
  readonly mintBatchToken?:
    | ((by: string) => Promise<{ readonly token: string; readonly expiresAt: Date }>)
    | undefined
  readonly now: () => number
}

/** What routes work with. */
export interface HostedParts extends HostedApiOptions, FileSource {
  readonly guard: Guard
  /** Forms that are being received. */
  readonly forms: Bound
}

/** The API of hosted images, as a table of contents. */
export function createHostedApi(options: HostedApiOptions): Hono<ApiEnv> {
  const parts: HostedParts = {
    ...options,
    guard: createGuard(options.audit),
    outflow: new Outflow({ maxStreams: options.maxDownloads, idleTimeoutMs: options.bodyTimeoutMs }),
    forms: new Bound(options.maxForms, 'files are being received'),
  }
  const images = new Hono<ApiEnv>()
  images.use(privateAnswers, identify(options), requireAdmin, readJson(options.bodyTimeoutMs))
  addAccountRoutes(images, parts)
  addImageRoutes(images, parts)

  const upload = new Hono<ApiEnv>()
  // Pages of any origin send files; whoever has the URL may.
  upload.use(privateAnswers, cors({ origin: '*', allowMethods: ['POST'] }))
  upload.use(readAddress(options), limited(options.limits, 'completes'))
  addUploadRoute(upload, parts)

  const app = new Hono<ApiEnv>()
  app.onError(problemEnvelope)
  app.route(`/client/v4/accounts/${options.accountId}/images`, images)
  app.route('/batch/images', images)
  app.route('/upload', upload)
  for (const below of ['/client/*', '/batch/*', '/upload/*'])
    app.all(below, () => {
      throw new GatewayError('route_not_found', 'There is no such route, or no such account')
    })
  return app
}

/** Whoever brings a file says nothing of themselves that would matter. */
function readAddress({ readClientAddress }: Pick<ApiOptions, 'readClientAddress'>) {
  return identify({ readClientAddress, identity: { authenticate: async () => undefined } })
}
