import { S3Error } from '../s3-error.ts'

/** A header with its name in lower case, as it is kept with an object. Pairs, since metadata may be named `__proto__`. */
export type HeaderPair = readonly [name: string, value: string]

/** Headers that are stored with an object and returned with it, beside its metadata. */
export const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const

const METADATA_PREFIX = 'x-amz-meta-'
const MAX_METADATA_BYTES = 2048

/** What S3 says of an object that was stored without a type. */
const DEFAULT_TYPE = 'binary/octet-stream'

/** The headers of a request that are stored with an object and returned with it. */
export function storedHeaders(headers: ReadonlyMap<string, string>): HeaderPair[] {
  const kept: HeaderPair[] = []
  for (const name of KEPT_HEADERS) {
    const value = name === 'content-encoding' ? contentEncoding(headers.get(name)) : headers.get(name)
    if (value !== undefined && value !== '') kept.push([name, value])
    else if (name === 'content-type') kept.push([name, DEFAULT_TYPE])
  }
  return [...kept, ...userMetadata(headers)]
}

/** Replaces stored headers by what the `response-*` parameters of a read ask for. */
export function overrideHeaders(
  stored: readonly HeaderPair[],
  query: ReadonlyMap<string, string>,
): Record<string, string> {
  const headers = Object.fromEntries(stored)
  for (const name of KEPT_HEADERS) {
    const value = query.get(`response-${name}`)
    if (value !== undefined) headers[name] = toHeaderValue(`response-${name}`, value)
  }
  return headers
}

/** The names of the `response-*` parameters. */
export const RESPONSE_OVERRIDES: readonly string[] = KEPT_HEADERS.map((name) => `response-${name}`)

function userMetadata(headers: ReadonlyMap<string, string>): HeaderPair[] {
  const pairs = [...headers].filter(([name]) => name.startsWith(METADATA_PREFIX))
  const bytes = pairs.reduce(
    (sum, [name, value]) => sum + name.length - METADATA_PREFIX.length + value.length,
    0,
  )
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(bytes),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    })
  }
  return pairs.toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/** `aws-chunked` says how a body travels, not what it is: only what is left is the object's encoding. */
function contentEncoding(header: string | undefined): string | undefined {
  const codings = header?.split(',').map((coding) => coding.trim())
  return codings?.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked').join(',')
}

/** A parameter or a field as a header's value; its UTF-8 bytes go out as they are. */
export function toHeaderValue(name: string, value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
    throw new S3Error('InvalidArgument', 'A header may not hold control characters', { ArgumentName: name })
  }
  return Buffer.from(value).toString('latin1')
}
