import { createHash, timingSafeEqual } from 'node:crypto'
import type { Principal, Role } from './principal.ts'

/** What tells the secret of a server from a token. */
export const API_KEY_PREFIX = 'hk_'

/** A server that may use the API. */
export interface ApiKey {
  readonly name: string
  readonly roles: readonly Role[]
  /** Begins with `API_KEY_PREFIX`. */
  readonly secret: string
}

/** Finds out which server a secret belongs to. */
export function createApiKeys(keys: readonly ApiKey[]): (secret: string) => Principal | undefined {
  // Digests are of one length, as the comparison wants; the secrets themselves are not kept.
  const known = keys.map(({ name, roles, secret }) => {
    const principal: Principal = { id: name, kind: 'server', roles: new Set(roles) }
    return { digest: digestOf(secret), principal }
  })

  return function findServer(secret) {
    const given = digestOf(secret)
    let found: Principal | undefined
    // All are compared, so that the time does not tell which one was close.
    for (const { digest, principal } of known) if (timingSafeEqual(given, digest)) found = principal
    return found
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
