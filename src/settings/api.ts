import { z } from 'zod'
import { flag, list, megabytes, url, whole } from './types.ts'

const origin = z
  .string()
  .regex(/^(?:\*|https?:\/\/[^/\s,]+)$/, 'origins such as https://shop.example.com, with commas, or *')

/** What the API answers with, and to whom; and whether there is a page for people. */
export const apiSettings = {
  HALFTONE_PUBLIC_URL: url.transform((text) => text.replace(/\/+$/, '')).optional(),
  HALFTONE_API_ORIGINS: list.pipe(z.array(origin)).default([]),
  HALFTONE_ACCESS_LINK_TTL_S: whole(900, 10, 604_800),
  HALFTONE_PUBLIC_ORIGINALS: flag.default(false),
  HALFTONE_DEMO_PAGE: flag.default(false),
  HALFTONE_FORM_MAX_MB: megabytes(50, 1, 1_000),
  HALFTONE_FORMS_AT_ONCE: whole(64, 1, 10_000),
  HALFTONE_BODY_TIMEOUT_MS: whole(15_000, 100, 600_000),
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/
/** What our other paths begin with. */
const TAKEN = [
  'api',
  'batch',
  'cdn-cgi',
  'client',
  'events',
  'img',
  'livez',
  'private',
  'readyz',
  'simg',
  'upload',
]
const HASH = `an account hash: 1 to 64 of A-Z a-z 0-9 _ -, none of ${TAKEN.join(', ')}`

/** Hosted images: the account that the API is called for, and what stands in the URLs of its images. */
export const hostedSettings = {
  HALFTONE_CLOUDFLARE_ACCOUNT: z.string().regex(NAME, 'an account id: 1 to 64 of A-Z a-z 0-9 _ -').optional(),
  HALFTONE_CLOUDFLARE_ACCOUNT_HASH: z
    .string()
    .regex(NAME, HASH)
    .refine((hash) => !TAKEN.includes(hash), HASH)
    .optional(),
}
