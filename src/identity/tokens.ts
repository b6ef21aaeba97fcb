import {
  customFetch,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { GatewayError } from '../errors.ts'
import { type Principal, ROLES, type Role } from './principal.ts'

export interface TokenOptions {
  /** What HS256 tokens are signed with; the first signs, all are accepted. */
  readonly secrets: readonly string[]
  /** Where the public keys of other tokens are. */
  readonly jwksUrl?: string | undefined
  readonly audience: string
  /** Who has to have issued a token; `undefined`: whoever has a key. */
  readonly issuer?: string | undefined
  /** The claim with the roles: a list, or a text with spaces. */
  readonly rolesClaim: string
  /** How long the keys may take to come. */
  readonly jwksTimeoutMs?: number
  /** How long an unknown key id, and how long an endpoint that failed, is not asked about again. */
  readonly jwksCooldownMs?: number
  /** How long keys are believed without asking again. */
  readonly jwksMaxAgeMs?: number
}

/** What a token says to whoever mints it. */
export interface NewToken {
  readonly user: string
  readonly roles: readonly Role[]
  readonly expiresAt: Date
}

/** How far the clocks of those who issue tokens may be off. */
const SKEW_SECONDS = 10
/** The only algorithms, each with keys of one kind: a public key is never taken for a secret. */
const SECRET_ALGORITHM = 'HS256'
const PUBLIC_ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
/** Ids of users stand in records and in the audit trail. */
const SUBJECT = /^[^\p{Control}\p{Surrogate}]{1,255}$/u

/** Finds out for whom a token speaks; throws `token_invalid` for one that is not to be believed. */
export function createTokenReader(options: TokenOptions): (token: string) => Promise<Principal> {
  const secrets = options.secrets.map((secret) => new TextEncoder().encode(secret))
  const publicKeys = options.jwksUrl === undefined ? undefined : remoteKeys(options.jwksUrl, options)
  const claims = {
    audience: options.audience,
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    clockTolerance: SKEW_SECONDS,
    requiredClaims: ['exp', 'sub'],
  }

  async function verifyWithSecrets(token: string): Promise<JWTPayload> {
    for (const secret of secrets) {
      try {
        return (await jwtVerify(token, secret, { ...claims, algorithms: [SECRET_ALGORITHM] })).payload
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      }
    }
    throw invalid('it is signed by none of the secrets')
  }

  async function verify(token: string): Promise<JWTPayload> {
    const alg = algorithmOf(token)
    if (alg === SECRET_ALGORITHM) return verifyWithSecrets(token)
    if (publicKeys === undefined || alg === undefined || !PUBLIC_ALGORITHMS.includes(alg)) {
      throw invalid('its algorithm is not accepted')
    }
    return (await jwtVerify(token, publicKeys, { ...claims, algorithms: PUBLIC_ALGORITHMS })).payload
  }

  return async function readToken(token) {
    try {
      return principalOf(await verify(token), options.rolesClaim)
    } catch (error) {
      throw asInvalid(error)
    }
  }
}

/** A token that this reader's options accept, signed with the first secret; throws `RangeError` without one. */
export async function mintToken(
  options: TokenOptions,
  { user, roles, expiresAt }: NewToken,
): Promise<string> {
  const [secret] = options.secrets
  if (secret === undefined) throw new RangeError('No secret for tokens is configured')
  const token = new SignJWT({ [options.rolesClaim]: roles })
    .setProtectedHeader({ alg: SECRET_ALGORITHM, typ: 'JWT' })
    .setSubject(user)
    .setAudience(options.audience)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
  if (options.issuer !== undefined) token.setIssuer(options.issuer)
  return token.sign(new TextEncoder().encode(secret))
}

/** Keys that are fetched when they are needed, at most once at a time; an unknown id asks again, but not all the time. */
function remoteKeys(url: string, options: TokenOptions) {
  const { jwksTimeoutMs = 3000, jwksCooldownMs = 30_000, jwksMaxAgeMs = 600_000 } = options
  let failed: { readonly until: number; readonly error: GatewayError } | undefined
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: jwksTimeoutMs,
    cooldownDuration: jwksCooldownMs,
    cacheMaxAge: jwksMaxAgeMs,
    // Whoever sends tokens with made-up key ids must not make us hammer an endpoint that is down.
    async [customFetch](address, init) {
      if (failed !== undefined && failed.until > performance.now()) throw failed.error
      try {
        const answer = await fetch(address, init)
        if (answer.ok) return answer
        throw new Error(`The keys were answered with ${answer.status}`)
      } catch (cause) {
        const error = unreachable(cause)
        failed = { until: performance.now() + Math.min(jwksCooldownMs, 1000), error }
        throw error
      }
    },
  })
}

function principalOf(payload: JWTPayload, rolesClaim: string): Principal {
  // The library's type is a promise that whoever issued the token need not have kept.
  const sub: unknown = payload.sub
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw invalid('its subject is no id')
  return { id: sub, kind: 'user', roles: rolesOf(payload[rolesClaim]) }
}

/** What a claim says, as far as it is known here: whoever issues tokens has roles of their own. */
function rolesOf(claim: unknown): ReadonlySet<Role> {
  const listed = typeof claim === 'string' ? claim.split(' ') : claim
  const named: readonly unknown[] = Array.isArray(listed) ? listed : []
  return new Set(ROLES.filter((role) => named.includes(role)))
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch (cause) {
    throw invalid('it cannot be read as a JWT', cause)
  }
}

function asInvalid(error: unknown): unknown {
  if (!(error instanceof errors.JOSEError)) return error
  // What is wrong with the answer of the endpoint has no class of its own.
  if (error instanceof errors.JWKSInvalid || error.code === errors.JOSEError.code) return unreachable(error)
  if (error instanceof errors.JWTExpired) return invalid('it has expired', error)
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`of its ${error.claim}`, error)
  return invalid('it is not right', error)
}

function unreachable(cause: unknown): GatewayError {
  return new GatewayError('identity_unreachable', 'The keys of tokens cannot be fetched', { cause })
}

function invalid(why: string, cause?: unknown): GatewayError {
  return new GatewayError('token_invalid', `The token is refused: ${why}`, { cause })
}
