import { createApi } from '../api/api.ts'
import type { ApiOptions } from '../api/env.ts'
import type { Config } from '../config.ts'
import { edgePolicyOf } from './edge-policy.ts'
import { type AccessLinks, formatAccessGrant } from '../identity/access-links.ts'
import { createReadClientAddress } from '../limits/client-address.ts'
import { createLimits, type Limits, type LimitsOptions } from '../limits/limits.ts'

/** What the API and the routes of pictures both need to know of clients. Who takes the limits closes them. */
export function createClients(config: Config, log: LimitsOptions['log']) {
  return {
    limits: createLimits({
      perMinute: {
        tickets: config.HALFTONE_LIMIT_TICKETS,
        completes: config.HALFTONE_LIMIT_COMPLETES,
        'private-renders': config.HALFTONE_LIMIT_PRIVATE_RENDERS,
      },
      usersPerAddress: config.HALFTONE_LIMIT_USERS_PER_ADDRESS,
      redisUrl: config.HALFTONE_REDIS_URL,
      log,
    }),
    readClientAddress: createReadClientAddress({
      trustedHops: config.HALFTONE_TRUSTED_HOPS,
      originSecrets: config.HALFTONE_ORIGIN_SECRETS,
    }),
  }
}

/** The parts that the API works with, made elsewhere. */
export interface ApiDependencies
  extends Pick<
    ApiOptions,
    | 'store'
    | 'albums'
    | 'profiles'
    | 'documents'
    | 'uploads'
    | 'transfers'
    | 'identity'
    | 'audit'
    | 'outbox'
    | 'readClientAddress'
  > {
  readonly limits: Limits
  readonly links: AccessLinks
}

/** The API that the configuration asks for. */
export function createConfiguredApi(config: Config, { links, ...parts }: ApiDependencies) {
  // Without keys nothing can be signed: URLs of what is not public then need a token.
  const isSigning = config.HALFTONE_ACCESS_KEYS.length > 0
  return createApi({
    ...parts,
    publicUrl: config.HALFTONE_PUBLIC_URL ?? '',
    signAccess: isSigning ? (path, until) => formatAccessGrant(links.sign(path, until)) : undefined,
    accessLinkTtlS: config.HALFTONE_ACCESS_LINK_TTL_S,
    allowedOrigins: config.HALFTONE_API_ORIGINS,
    publicOriginals: config.HALFTONE_PUBLIC_ORIGINALS,
    edge: edgePolicyOf(config),
    maxForms: config.HALFTONE_FORMS_AT_ONCE,
    // The other half is for pictures and records.
    maxDownloads: Math.max(1, Math.floor(config.HALFTONE_S3_CONNECTIONS / 2)),
    maxFormBytes: config.HALFTONE_FORM_MAX_MB,
    bodyTimeoutMs: config.HALFTONE_BODY_TIMEOUT_MS,
  })
}
