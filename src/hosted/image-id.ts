import { createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'

const MAX_CHARACTERS = 1024
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NOT_IN_IDS = /[\p{Control}\p{Surrogate}\\]/u
/** Segments of the API's own paths: an image of such a name could not be asked for. */
const TAKEN = ['batch_token', 'config', 'keys', 'stats', 'variants']
const ACCEPTED = `id: accepted are 1 to ${MAX_CHARACTERS} characters, of which "/" is neither the first nor the last, without "\\", empty, "." and ".." segments and controls; no UUID, and none of ${TAKEN.join(', ')}`

/** Whether an id is one that we gave: lower-case, as we write it. */
export const isUuid = (id: string): boolean => UUID.test(id)

/** Refuses what its owner may not call an image. */
export function checkCustomId(id: string): void {
  if (!isCustomId(id) || UUID.test(id.toLowerCase())) throw new GatewayError('invalid_request', ACCEPTED)
}

/** The item that an image's photo is the cover of; `undefined` for what is no id. */
export function itemIdOf(id: string): string | undefined {
  if (isUuid(id)) return id
  if (!isCustomId(id)) return undefined
  // Item ids are short, and have no slashes.
  return `cf-${createHash('sha256').update(id).digest('base64url')}`
}

function isCustomId(id: string): boolean {
  if (id.length > MAX_CHARACTERS || NOT_IN_IDS.test(id) || TAKEN.includes(id)) return false
  return id.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}
