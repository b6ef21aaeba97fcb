import { z } from 'zod'
import { API_KEY_PREFIX, type ApiKey } from '../identity/api-keys.ts'
import { ROLES, type Role } from '../identity/principal.ts'
import { list } from './types.ts'

const SECRETS = 'secrets of at least 32 characters, separated by commas'
const secrets = list.pipe(z.array(z.string().min(32, SECRETS))).default([])

/** Keys decide who is believed: they come over TLS, or do not leave the machine. */
const jwksUrl = z
  .url({ protocol: /^https?$/, error: 'an address such as https://id.example.com/.well-known/jwks.json' })
  .refine((text) => /^https:|^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)[:/]/i.test(text), 'https')

const API_KEY = new RegExp(`^([A-Za-z0-9_.-]{1,64}):([a-z+]*):(${API_KEY_PREFIX}[A-Za-z0-9._~-]{32,})$`)
const API_KEYS = `name:role[+role]:secret, separated by commas; roles: ${ROLES.join(', ')} or none; the secret is ${API_KEY_PREFIX} and at least 32 of A-Z a-z 0-9 . _ ~ -; each name once`

const apiKeys = list
  .transform((entries, context): ApiKey[] => {
    const keys = entries.flatMap((entry) => parseApiKey(entry) ?? [])
    const names = new Set(keys.map(({ name }) => name))
    if (names.size === entries.length) return keys
    context.addIssue({ code: 'custom', message: API_KEYS })
    return z.NEVER
  })
  .default([])

function parseApiKey(text: string): ApiKey | undefined {
  const [, name, named = '', secret] = API_KEY.exec(text) ?? []
  if (name === undefined || secret === undefined) return undefined
  const roles = named === '' ? [] : named.split('+')
  return roles.every(isRole) ? { name, roles, secret } : undefined
}

const isRole = (text: string): text is Role => ROLES.some((role) => role === text)

/** Who may ask for what is not public, and how they prove it. */
export const identitySettings = {
  HALFTONE_JWT_SECRETS: secrets,
  HALFTONE_JWT_JWKS_URL: jwksUrl.optional(),
  HALFTONE_JWT_AUDIENCE: z.string().default('halftone'),
  HALFTONE_JWT_ISSUER: z.string().optional(),
  HALFTONE_JWT_ROLES_CLAIM: z.string().default('roles'),
  HALFTONE_API_KEYS: apiKeys,
  HALFTONE_ACCESS_KEYS: secrets,
}
