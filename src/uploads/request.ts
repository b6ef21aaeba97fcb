import { GatewayError } from '../errors.ts'
import {
  type FileFormat,
  FILE_TYPES,
  formatOf,
  type KindRules,
  type Kinds,
  labelsOf,
} from '../media/kinds.ts'
import { documentTypePattern } from '../media/records.ts'
import { idPattern } from '../urls/ids.ts'
import type { UploadRequest } from './uploads.ts'

/** A request of which the length need not be known yet. */
export type AnyRequest = Omit<UploadRequest, 'bytes'> & { readonly bytes?: number | undefined }

const MAX_NAME_CHARACTERS = 200
/** A document's key has its name in it, behind ids and type: together they must stay below what a bucket takes. */
const MAX_NAME_BYTES = 600
/** Controls, line breaks, half characters, what turns the direction of text, and what separates segments of a path. */
const NOT_IN_NAMES = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069/\\]/u
const SHA256 = /^[0-9a-f]{64}$/

const HEIC =
  'an iPhone makes JPEGs with Settings > Camera > Formats > Most Compatible, and its browser turns a HEIC into a JPEG where the file field accepts image/jpeg'

/** Refuses what could never be completed, before a byte is sent; returns the format that is declared. */
export function checkRequest(request: AnyRequest, kinds: Kinds, now: Date): FileFormat {
  const rules = kinds[request.kind]
  if (!idPattern.test(request.ownerId)) throw invalid('ownerId', 'an id of letters, digits, ".", "_" and "-"')
  checkName(request.fileName)
  if (request.sha256 !== undefined && !SHA256.test(request.sha256))
    throw invalid('sha256', '64 lower-case hexadecimal digits')
  checkPlace(request)
  checkDocument(request, now)
  checkBytes(request.bytes, rules)
  return declaredFormat(request.contentType, rules)
}

/** Refuses a length that a kind does not accept. */
export function checkBytes(bytes: number | undefined, { maxBytes }: KindRules): void {
  if (bytes === undefined) return
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw invalid('bytes', 'a whole number of at least 1')
  if (bytes > maxBytes) throw tooLarge(bytes, maxBytes)
}

/** A file of more bytes than a kind accepts. */
export function tooLarge(bytes: number, maxBytes: number): GatewayError {
  return new GatewayError('upload_too_large', `The file has ${bytes} bytes; at most ${maxBytes} are accepted`)
}

function checkName(name: string): void {
  const isShort = name.length <= MAX_NAME_CHARACTERS && Buffer.byteLength(name) <= MAX_NAME_BYTES
  const isPath = name === '' || name === '.' || name === '..' || NOT_IN_NAMES.test(name)
  // In a form's key a store puts the name that the browser sends in the place of this.
  if (isShort && !isPath && !name.includes('${')) return
  throw invalid('fileName', `1 to ${MAX_NAME_CHARACTERS} characters, without "/", "\\", "\${" and controls`)
}

function checkPlace({ kind, photoId, at }: AnyRequest): void {
  if (kind !== 'item-photo' && (photoId !== undefined || at !== undefined))
    throw invalid('photoId, at', 'a place among the photos of an item; this is not one')
  if (photoId !== undefined && !idPattern.test(photoId)) throw invalid('photoId', 'the id of a photo')
  if (photoId !== undefined && at !== undefined)
    throw invalid('at', 'a place for a new photo, not for one that is replaced')
  if (at !== undefined && (!Number.isSafeInteger(at) || at < 0)) throw invalid('at', 'a whole number from 0')
}

function checkDocument(request: AnyRequest, now: Date): void {
  const { kind, documentType, documentExpiresAt: expiresAt } = request
  if (kind !== 'verification-document') {
    if (documentType === undefined && expiresAt === undefined) return
    throw invalid('documentType, documentExpiresAt', 'only with a verification document')
  }
  if (documentType === undefined || !documentTypePattern.test(documentType))
    throw invalid('documentType', 'a type such as passport: a-z, 0-9, "_" and "-", at most 64')
  if (expiresAt === undefined) return
  const time = Date.parse(expiresAt)
  if (Number.isNaN(time) || new Date(time).toISOString() !== expiresAt || time <= now.getTime())
    throw invalid('documentExpiresAt', 'a time to come, such as 2031-05-01T00:00:00.000Z')
}

function declaredFormat(contentType: string, { formats }: KindRules): FileFormat {
  const format = formatOf(contentType)
  if (format !== undefined && formats.includes(format)) return format
  const types = formats.map((accepted) => FILE_TYPES[accepted].contentType).join(', ')
  const advice = /^image\/hei[cf]/.test(contentType) ? ` (${HEIC})` : ''
  const message = `The content type ${JSON.stringify(contentType)} is not accepted; ${labelsOf(formats)} are: ${types}${advice}`
  throw new GatewayError('upload_type_refused', message)
}

function invalid(field: string, accepted: string): GatewayError {
  return new GatewayError('invalid_request', `${field}: accepted is ${accepted}`)
}
