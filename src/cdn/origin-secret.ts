import { createHash, timingSafeEqual } from 'node:crypto'

/** The header that the distribution adds to what it asks its origin, and that no viewer can set through it. */
export const ORIGIN_SECRET_HEADER = 'x-origin-verify'

/** Whether a request has come through the distribution: it carries one of the secrets. Takes as long for a wrong one as for a right one. */
export function isOriginSecret(given: string | null, secrets: readonly string[]): boolean {
  if (given === null) return false
  const digest = digestOf(given)
  return secrets.map((secret) => timingSafeEqual(digest, digestOf(secret))).includes(true)
}

/** Digests are of one length, as the comparison wants. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
