import { checksumType } from '../objects/object-headers.ts'
import { element, type Xml } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import { OWNER } from './owner.ts'

/** The parameters of a request. */
export type Query = ReadonlyMap<string, string>

const MAX_KEYS = 1000

/** One object in a listing. */
export function contents(record: ObjectRecord, key: string, withOwner: boolean): Xml {
  return element('Contents', [
    element('Key', key),
    element('LastModified', new Date(record.lastModified).toISOString()),
    element('ETag', `"${record.etag}"`),
    ...(record.checksum ? [element('ChecksumAlgorithm', record.checksum.name.toUpperCase())] : []),
    ...(record.checksum ? [element('ChecksumType', checksumType(record.checksum))] : []),
    element('Size', record.bytes),
    element('StorageClass', 'STANDARD'),
    ...(withOwner ? [OWNER] : []),
  ])
}

/** A parameter, said back if it was given: `StartAfter` for `start-after`. */
export function echo(query: Query, name: string, encode: (value: string) => string): Xml[] {
  const parameter = name.replaceAll(/\B[A-Z]/g, '-$&').toLowerCase()
  const value = query.get(parameter)
  return value === undefined ? [] : [element(name, encode(value))]
}

/** Keys may hold characters that XML cannot; `url` is how a client asks for them unharmed. Slashes stay as they are. */
export function keyEncoding(query: Query): (key: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined) return (key) => key
  if (type !== 'url') throw invalid('encoding-type', 'Invalid Encoding Method specified in Request')
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/')
}

/** How many keys and common prefixes a page may have. */
export function maxKeys(query: Query): number {
  const value = query.get('max-keys') ?? String(MAX_KEYS)
  if (!/^\d{1,10}$/.test(value))
    throw invalid('max-keys', 'Provided max-keys not an integer or within integer range')
  return Math.min(Number(value), MAX_KEYS)
}

/** The common prefixes of a page. */
export function groups(prefixes: readonly string[], encode: (value: string) => string): Xml[] {
  return prefixes.map((group) => element('CommonPrefixes', [element('Prefix', encode(group))]))
}

/** The refusal of a parameter. */
export function invalid(name: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, { ArgumentName: name })
}
