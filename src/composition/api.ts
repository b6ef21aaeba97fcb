import { createApi } from '../api/api.ts'
import type { ApiOptions } from '../api/env.ts'
import { createEdgeSigner } from '../cdn/edge-signer.ts'
import { createPublicUrls } from '../cdn/public-urls.ts'
import type { Config } from '../config.ts'
import { type AccessLinks, formatAccessCookie, formatAccessGrant } from '../identity/access-links.ts'
import { createReadClientAddress } from '../limits/client-address.ts'
import { createLimits, type Limits } from '../limits/limits.ts'
import { createOffLadderBudget } from '../limits/off-ladder-budget.ts'
import { SharedCount, type SharedCountLog } from '../limits/shared-count.ts'
import type { Presigner } from '../transfers/transfers.ts'
import { edgePolicyOf } from './edge.ts'

/** What the API and the routes of pictures both need to know of clients. Who takes the limits closes them. */
export function createClients(config: Config, log: SharedCountLog) {
  const { HALFTONE_REDIS_URL: redisUrl } = config
  const shared = redisUrl === undefined ? undefined : new SharedCount(redisUrl, log)
  return {
    limits: createLimits({
      perMinute: {
        tickets: config.HALFTONE_LIMIT_TICKETS,
        completes: config.HALFTONE_LIMIT_COMPLETES,
        'private-renders': config.HALFTONE_LIMIT_PRIVATE_RENDERS,
      },
      usersPerAddress: config.HALFTONE_LIMIT_USERS_PER_ADDRESS,
      shared,
    }),
    offLadder: createOffLadderBudget({
      perMinute: {
        client: config.HALFTONE_OFF_LADDER_PER_CLIENT,
        source: config.HALFTONE_OFF_LADDER_PER_SOURCE,
      },
      shared,
    }),
    readClientAddress: createReadClientAddress({
      trustedHops: config.HALFTONE_TRUSTED_HOPS,
      trustedProxies: config.HALFTONE_TRUSTED_PROXIES,
      edgeTellsViewer: config.HALFTONE_EDGE_TELLS_VIEWER,
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
    | 'purges'
    | 'readClientAddress'
  > {
  readonly limits: Limits
  readonly links: AccessLinks
  readonly presigner?: Pick<Presigner, 'get'> | undefined
}

/** The API that the configuration asks for. */
export function createConfiguredApi(config: Config, { links, presigner, ...parts }: ApiDependencies) {
  // Without keys nothing can be signed: URLs of what is not public then need a token.
  const isSigning = config.HALFTONE_ACCESS_KEYS.length > 0
  return createApi({
    ...parts,
    publicUrls: publicUrlsOf(config, presigner),
    signAccess: isSigning ? (path, until) => formatAccessGrant(links.sign(path, until)) : undefined,
    signCookie: isSigning ? (path, until) => formatAccessCookie(links.signAll(path, until)) : undefined,
    cookieDomain: config.HALFTONE_COOKIE_DOMAIN,
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

function publicUrlsOf(config: Config, presigner: Pick<Presigner, 'get'> | undefined) {
  const { HALFTONE_CLOUDFRONT_KEY_PAIR_ID: keyPairId, HALFTONE_CLOUDFRONT_PRIVATE_KEY: privateKey } = config
  const hash = config.HALFTONE_CLOUDFRONT_SIGN_HASH
  return createPublicUrls({
    cdnUrl: config.HALFTONE_CDN_URL,
    gatewayUrl: config.HALFTONE_PUBLIC_URL,
    signer: keyPairId && privateKey ? createEdgeSigner({ keyPairId, privateKey, hash }) : undefined,
    presign:
      presigner &&
      (async (file, expiresInS) => {
        const { url } = await presigner.get({ ...file, expiresInS })
        return url
      }),
  })
}
