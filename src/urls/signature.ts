import { createHmac, timingSafeEqual } from 'node:crypto'

/** The signature of what follows `/simg/{signature}/`, exactly as it stands in the URL and without the query. */
export function signRest(rest: string, key: string): string {
  return createHmac('sha256', key).update(rest).digest('base64url')
}

/** Whether one of the keys made the signature. Takes as long for a wrong one as for a right one. */
export function verifyRest(rest: string, signature: string, keys: readonly string[]): boolean {
  const given = Buffer.from(signature)
  return keys.map((key) => isEqual(given, Buffer.from(signRest(rest, key)))).includes(true)
}

/** Whether a signature is the expected one; takes as long wherever they differ. */
export function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
