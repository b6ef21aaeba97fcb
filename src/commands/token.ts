import { identityOptionsOf } from '../composition/identity.ts'
import { type Config, ConfigError } from '../config.ts'
import { ROLES, type Role } from '../identity/principal.ts'
import { mintToken } from '../identity/tokens.ts'
import { keptLocalSecrets } from '../running/local-secrets.ts'

/** What the command line says of a token. */
export interface TokenChoices {
  readonly user: string
  readonly role: readonly string[]
  /** Seconds. */
  readonly ttl: string
}

const MAX_TTL_SECONDS = 30 * 24 * 3600

/** Prints a token that the gateway accepts: signed with the first secret, or with the one that `npm start` made. */
export async function token(config: Config, { user, role, ttl }: TokenChoices): Promise<void> {
  const roles = role.map(parseRole)
  const seconds = parseTtl(ttl)
  if (!/^[^\p{Control}]{1,255}$/u.test(user)) {
    throw new ConfigError('--user: accepted is an id of 1 to 255 characters')
  }
  const kept = keptLocalSecrets(config).HALFTONE_JWT_SECRETS
  const options = identityOptionsOf(kept === undefined ? config : { ...config, HALFTONE_JWT_SECRETS: [kept] })
  if (options.secrets.length === 0) {
    throw new ConfigError('HALFTONE_JWT_SECRETS: set one, or run "npm start" first: it makes one of its own')
  }
  const expiresAt = new Date(Date.now() + seconds * 1000)
  process.stdout.write(`${await mintToken(options, { user, roles, expiresAt })}\n`)
}

function parseRole(text: string): Role {
  const role = ROLES.find((known) => known === text)
  if (role === undefined) throw new ConfigError(`--role ${text}: accepted is ${ROLES.join(', ')}`)
  return role
}

function parseTtl(text: string): number {
  const seconds = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MAX_TTL_SECONDS) return seconds
  throw new ConfigError(`--ttl ${text}: accepted is a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`)
}
