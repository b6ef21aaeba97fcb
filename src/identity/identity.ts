import { GatewayError } from '../errors.ts'
import { API_KEY_PREFIX, type ApiKey, createApiKeys } from './api-keys.ts'
import type { Identity } from './principal.ts'
import { createTokenReader, type TokenOptions } from './tokens.ts'

export interface IdentityOptions extends TokenOptions {
  readonly apiKeys: readonly ApiKey[]
}

/** RFC 6750 §2.1; the name of a scheme has no case (RFC 9110 §11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Users by their tokens, servers by their keys; both come as `Authorization: Bearer …`. */
export function createIdentity(options: IdentityOptions): Identity {
  const findServer = createApiKeys(options.apiKeys)
  const readToken = createTokenReader(options)
  return {
    async authenticate(authorization) {
      if (authorization === undefined) return undefined
      const [, bearer] = BEARER.exec(authorization) ?? []
      if (bearer === undefined)
        throw new GatewayError('token_invalid', 'Accepted is: Authorization: Bearer …')
      if (!bearer.startsWith(API_KEY_PREFIX)) return readToken(bearer)
      const server = findServer(bearer)
      if (server === undefined) throw new GatewayError('token_invalid', 'There is no such API key')
      return server
    },
  }
}
