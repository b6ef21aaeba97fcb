import type { Context, MiddlewareHandler } from 'hono'
import type { AuditTrail } from '../audit/audit.ts'
import type { EventOutbox } from '../events/media-event.ts'
import { GatewayError } from '../errors.ts'
import type { AppEnv } from '../http/env.ts'
import type { Identity, Principal } from '../identity/principal.ts'
import type { Albums, Documents, Profiles } from '../library/library.ts'
import type { ReadClientAddress } from '../limits/client-address.ts'
import type { Limits } from '../limits/limits.ts'
import type { AskedPurges } from '../purging/asked-purges.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Transfers } from '../transfers/transfers.ts'
import type { UploadContext, Uploads } from '../uploads/uploads.ts'
import type { EdgePolicy } from '../cdn/cache-policy.ts'
import type { PictureUrlsOptions } from '../cdn/picture-urls.ts'

/** What every request carries through the API. */
export interface ApiEnv {
  Bindings: AppEnv['Bindings']
  Variables: AppEnv['Variables'] & {
    /** Who asks; nobody when they have not said. */
    principal?: Principal
    /** The client's address. */
    address?: string
  }
}

export interface ApiOptions extends PictureUrlsOptions {
  readonly store: ObjectStore
  readonly albums: Albums
  readonly profiles: Profiles
  readonly documents: Documents
  readonly uploads: Uploads
  readonly transfers: Pick<Transfers, 'download'>
  readonly identity: Identity
  readonly audit: AuditTrail
  readonly outbox: EventOutbox
  readonly limits: Limits
  readonly purges: Pick<AskedPurges, 'begin' | 'find' | 'status'>
  readonly readClientAddress: ReadClientAddress
  /** Origins whose pages may use the API; `*` is any. */
  readonly allowedOrigins: readonly string[]
  /** Whether anybody may read the original of a public photo, with all that stands in its file. */
  readonly publicOriginals: boolean
  /** Signs what lets a browser read all pictures of an item or a user, as the value of a cookie; without it there are none. */
  readonly signCookie?: ((ownerPath: string, expiresAt: Date) => string) | undefined
  /** The domain whose hosts are shown the cookies; without it the host of the API alone. */
  readonly cookieDomain?: string | undefined
  /** How long the edge may keep what is handed out to everybody. */
  readonly edge: EdgePolicy
  /** The longest body of a form, whatever the kind of its file accepts. */
  readonly maxFormBytes: number
  /** Forms that are received at once: each may hold some parts of its file in memory. */
  readonly maxForms: number
  /** Files that are handed out at once. */
  readonly maxDownloads: number
  /** How long a body may make no progress, in either direction, and a JSON body take. */
  readonly bodyTimeoutMs: number
}

/** Who asks; throws `authentication_required` when they have not said. */
export function principalOf(c: Context<ApiEnv>): Principal {
  const principal = c.get('principal')
  if (principal === undefined) throw tokenMissing()
  return principal
}

/** The refusal of somebody who has not said who they are. */
export const tokenMissing = (): GatewayError =>
  new GatewayError('authentication_required', 'Say who you are: Authorization: Bearer …')

/** What a request says of itself, for the parts that keep an audit. */
export function uploadContext(c: Context<ApiEnv>): UploadContext {
  return {
    principal: principalOf(c),
    requestId: c.get('requestId'),
    address: c.get('address'),
    signal: c.req.raw.signal,
  }
}

/** Lets nobody through who has not said who they are. */
export const requireUser: MiddlewareHandler<ApiEnv> = async function requireUser(c, next) {
  principalOf(c)
  await next()
}
