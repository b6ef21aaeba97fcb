import { GatewayError } from '../errors.ts'
import { parseSegments } from '../urls/target.ts'

/** What the source of a target is, before anybody has looked for it. */
export type SourceText =
  | {
      readonly by: 'path'
      /** Decoded, without a leading slash, with single slashes. */
      readonly path: string
      /** With its `?`; empty where there is none. */
      readonly query: string
    }
  | { readonly by: 'url'; readonly url: URL }

const ENCODED_URL = /^https?%3a/i
// One slash is what some servers leave of two; more are as common.
const ABSOLUTE = /^(?<scheme>https?):\/+(?<rest>[^/].*)$/is
const PRINTABLE = /^[!-[\]-~]+$/
/** Left out by URL parsers, or read as slashes: two URLs that look different would be one. */
const AMBIGUOUS = /[\p{Cc}\p{Cs}\\]/u

/**
 * Reads the source of a target as it stands there: an absolute URL in any accepted spelling, or else a path on the host
 * that was asked. Throws `invalid_source_url`.
 */
export function parseSourceText(source: string): SourceText {
  if (ENCODED_URL.test(source)) return parseUrl(decodeUrl(source))
  if (!ABSOLUTE.test(source)) return parsePath(source)
  if (PRINTABLE.test(source)) return parseUrl(source)
  throw fault('must be percent-encoded: no spaces, backslashes or characters beyond ASCII')
}

function decodeUrl(source: string): string {
  try {
    return decodeURIComponent(source)
  } catch (cause) {
    throw fault('must be percent-encoded UTF-8', { cause })
  }
}

function parseUrl(text: string): SourceText {
  const { scheme, rest } = ABSOLUTE.exec(text)?.groups ?? {}
  const spelled = `${scheme}://${rest}`
  if (rest === undefined || AMBIGUOUS.test(text) || !URL.canParse(spelled)) {
    throw fault('must be an absolute URL, such as https://example.com/a.jpg')
  }
  const url = new URL(spelled)
  if (url.username !== '' || url.password !== '') throw fault('must not name a user or a password')
  url.hash = ''
  return { by: 'url', url }
}

function parsePath(source: string): SourceText {
  const raw = source.replace(/\?.*$/s, '')
  const single = `/${raw}`.replace(/\/{2,}/g, '/')
  const path = readSegments(single)
  return { by: 'path', path, query: source.slice(raw.length) }
}

function readSegments(path: string): string {
  try {
    return parseSegments(path)
      .map(({ text }) => text)
      .join('/')
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause
    throw fault(cause.message, { cause })
  }
}

function fault(message: string, options?: ErrorOptions): GatewayError {
  return new GatewayError('invalid_source_url', `source: ${message}`, options)
}
