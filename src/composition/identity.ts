import type { Config } from '../config.ts'
import { type AccessLinks, createAccessLinks } from '../identity/access-links.ts'
import { createIdentity, type IdentityOptions } from '../identity/identity.ts'
import type { Identity } from '../identity/principal.ts'

/** Who is believed, by the configuration. */
export function identityOptionsOf(config: Config): IdentityOptions {
  return {
    secrets: config.HALFTONE_JWT_SECRETS,
    jwksUrl: config.HALFTONE_JWT_JWKS_URL,
    audience: config.HALFTONE_JWT_AUDIENCE,
    issuer: config.HALFTONE_JWT_ISSUER,
    rolesClaim: config.HALFTONE_JWT_ROLES_CLAIM,
    apiKeys: config.HALFTONE_API_KEYS,
  }
}

/** Who asks, and the links that let somebody read what is not public. */
export function createAccess(config: Config): { readonly identity: Identity; readonly links: AccessLinks } {
  return {
    identity: createIdentity(identityOptionsOf(config)),
    links: createAccessLinks(config.HALFTONE_ACCESS_KEYS),
  }
}
