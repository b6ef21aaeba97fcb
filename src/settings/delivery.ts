import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { flag, url } from './types.ts'

const bareAddress = 'an address without a path, such as https://cdn.example.com'
const PRIVATE_KEY =
  'the PEM of an RSA key of 2048 bits or an ECDSA key on P-256 without a passphrase, or the path of a file with it'

/** The distribution: where it is, whether nobody else is answered, and what we sign for it. */
export const deliverySettings = {
  HALFTONE_CDN_URL: url
    .transform((text) => text.replace(/\/+$/, ''))
    .refine((text) => URL.canParse(text) && new URL(text).origin === text, bareAddress)
    .optional(),
  HALFTONE_ORIGIN_SECRET_REQUIRED: flag.default(false),
  HALFTONE_CLOUDFRONT_KEY_PAIR_ID: z
    .string()
    .regex(/^[A-Z0-9]{1,64}$/, 'the id of a public key, such as K2JCJMDEHXQW5F')
    .optional(),
  HALFTONE_CLOUDFRONT_PRIVATE_KEY: z.string().transform(privateKey).optional(),
  HALFTONE_CLOUDFRONT_SIGN_HASH: z.enum(['sha1', 'sha256'], { error: 'sha1, sha256' }).default('sha256'),
  HALFTONE_COOKIE_DOMAIN: z
    .string()
    .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i, 'a domain such as example.com')
    .toLowerCase()
    .optional(),
}

type Settings = z.infer<z.ZodObject<typeof deliverySettings>> & {
  readonly HALFTONE_ACCESS_KEYS: readonly string[]
  readonly HALFTONE_ORIGIN_SECRETS: readonly string[]
  readonly HALFTONE_CLOUDFRONT_ACCESS_KEY_ID?: string | undefined
  readonly HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY?: string | undefined
}

/** What these settings, the access keys and the secrets say that cannot all be meant. */
export function deliveryContradictions(settings: Settings): string[] {
  const faults: string[] = []
  const { HALFTONE_CLOUDFRONT_KEY_PAIR_ID: id, HALFTONE_CLOUDFRONT_PRIVATE_KEY: key } = settings
  const hasSecret = settings.HALFTONE_ORIGIN_SECRETS.length > 0
  if ((id === undefined) !== (key === undefined)) {
    faults.push('HALFTONE_CLOUDFRONT_KEY_PAIR_ID, HALFTONE_CLOUDFRONT_PRIVATE_KEY: set both, or none')
  }
  const { HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: accessKey, HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: secret } =
    settings
  if ((accessKey === undefined) !== (secret === undefined)) {
    faults.push('HALFTONE_CLOUDFRONT_ACCESS_KEY_ID, HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: set both, or none')
  }
  if (settings.HALFTONE_ORIGIN_SECRET_REQUIRED && !hasSecret) {
    faults.push('HALFTONE_ORIGIN_SECRETS: HALFTONE_ORIGIN_SECRET_REQUIRED needs at least one secret')
  }
  if (id === undefined) return faults
  const needs = 'HALFTONE_CLOUDFRONT_KEY_PAIR_ID needs'
  if (settings.HALFTONE_CDN_URL === undefined) {
    faults.push(`HALFTONE_CDN_URL: ${needs} the address that is signed for`)
  }
  if (settings.HALFTONE_ACCESS_KEYS.length === 0) {
    faults.push(`HALFTONE_ACCESS_KEYS: ${needs} at least one key: the edge only checks that a URL is ours`)
  }
  if (!hasSecret) {
    faults.push(`HALFTONE_ORIGIN_SECRETS: ${needs} at least one secret: else anybody can pass by the edge`)
  }
  return faults
}

/** A PEM as it stands, with `\n` for its line breaks, or in a file. */
function privateKey(text: string, context: z.RefinementCtx): string {
  try {
    const pem = text.includes('-----BEGIN')
      ? text.replaceAll(String.raw`\n`, '\n')
      : readFileSync(text, 'utf8')
    if (isSigningKey(createPrivateKey(pem))) return pem
    context.addIssue({ code: 'custom', message: PRIVATE_KEY })
  } catch (error) {
    // The message may quote what was set: a key that lacks its first line is taken for a path.
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    context.addIssue({ code: 'custom', message: `${PRIVATE_KEY}${why}` })
  }
  return z.NEVER
}

function isSigningKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa'
    ? asymmetricKeyDetails?.modulusLength === 2048
    : asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
}
