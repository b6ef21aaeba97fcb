import { z } from 'zod'
import { list, whole } from './types.ts'

const accepted = 'an https: address without user and password (http: on this machine only)'
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const secretPattern = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const secretBytes = (secret: string) => Buffer.from(secret.slice('whsec_'.length), 'base64').byteLength

/** As Standard Webhooks writes a symmetric secret: 24 to 64 bytes. */
const webhookSecret = z
  .string()
  .refine(
    (text) => secretPattern.test(text) && secretBytes(text) >= 24 && secretBytes(text) <= 64,
    'whsec_ and 24 to 64 bytes in base64, more of them after commas',
  )

/** Where events go, and how hard is tried. */
export const webhookSettings = {
  HALFTONE_WEBHOOK_URL: z.string().refine(isSafe, accepted).optional(),
  HALFTONE_WEBHOOK_SECRETS: list.pipe(z.array(webhookSecret)).default([]),
  HALFTONE_WEBHOOK_TIMEOUT_MS: whole(10_000, 100, 10_000),
  HALFTONE_WEBHOOK_ATTEMPTS: whole(30, 1, 1_000),
  HALFTONE_EVENTS_INTERVAL_MS: whole(5_000, 100, 10_000),
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname))
}
