import { GatewayError } from '../errors.ts'

/** The prefix under which a zone of the account delivers hosted images. */
export const DELIVERY_PREFIX = '/cdn-cgi/imagedelivery'

/** The longest id that an image may be given, in characters. */
const MAX_ID_LENGTH = 1024

/** What a path asks for of one hosted image: a named variant, or options of its own. */
export type DeliveryWish =
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'options'; readonly options: string }

/** A parsed delivery path. */
export interface DeliveryTarget {
  /** As it was given when the image was made: decoded, with its slashes. */
  readonly imageId: string
  readonly wish: DeliveryWish
  /** What a signature covers of the path, still encoded: `/<account hash>/<id>/<variant>`, wherever it is mounted. */
  readonly signedPath: string
}

// What no id can hold: controls and halves of characters.
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u

/** Whether a path is one of hosted images: below the prefix, or below the account's hash. */
export function isDeliveryPath(path: string, accountHash: string): boolean {
  return path.startsWith(`${DELIVERY_PREFIX}/`) || path.startsWith(`/${accountHash}/`)
}

/**
 * Understands the path of a raw request target, without its query. The last segment is a list of options where it has a
 * `=`, else a variant's name; what stands between it and the account's hash is the id. Throws `account_unknown` for
 * another account's hash and `invalid_delivery_url` for what can be no id.
 */
export function parseDeliveryTarget(path: string, accountHash: string): DeliveryTarget {
  const signedPath = path.startsWith(`${DELIVERY_PREFIX}/`) ? path.slice(DELIVERY_PREFIX.length) : path
  const [hash, ...segments] = signedPath.slice(1).split('/')
  if (hash !== accountHash) throw new GatewayError('account_unknown', 'There is no such account here')
  const last = decode(segments.at(-1) ?? '')
  const imageId = segments.slice(0, -1).map(decodeSegment).join('/')
  if (last === '' || imageId === '' || imageId.startsWith('/') || imageId.endsWith('/')) {
    throw invalid('the path has to be /<account hash>/<image id>/<variant name or options>')
  }
  if (Array.from(imageId).length > MAX_ID_LENGTH)
    throw invalid(`an image id has at most ${MAX_ID_LENGTH} characters`)
  const wish = last.includes('=')
    ? ({ by: 'options', options: last } as const)
    : ({ by: 'name', name: last } as const)
  return { imageId, wish, signedPath }
}

/** A slash in an id stands in URLs as it is: an encoded one would be a second spelling. */
function decodeSegment(raw: string): string {
  const text = decode(raw)
  if (text.includes('/')) throw invalid('a slash of an image id is not percent-encoded')
  return text
}

function decode(raw: string): string {
  const text = decodeUtf8(raw)
  if (FORBIDDEN.test(text)) throw invalid('control characters are not accepted')
  return text
}

function decodeUtf8(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw invalid('it has to be percent-encoded UTF-8, where a "%" is written "%25"', cause)
  }
}

function invalid(why: string, cause?: unknown): GatewayError {
  return new GatewayError('invalid_delivery_url', `image id and variant: ${why}`, { cause })
}
