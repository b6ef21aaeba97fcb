import { S3Error } from '../s3-error.ts'
import { KEPT_HEADERS, toHeaderValue } from './stored-headers.ts'

/** Fields that have another name as a header. */
const RENAMED: ReadonlyMap<string, string> = new Map([['acl', 'x-amz-acl']])

const AS_THEY_ARE: ReadonlySet<string> = new Set([...KEPT_HEADERS, 'content-md5'])

/** What belongs to the proof of a form and not to its object. */
const OF_THE_SIGNATURE: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-signature',
])

/** The headers that a PutObject would have brought in the place of a form's fields, their UTF-8 bytes kept. */
export function formHeaders(fields: ReadonlyMap<string, string>): Map<string, string> {
  const headers = new Map<string, string>()
  for (const [field, value] of fields) {
    const name = RENAMED.get(field) ?? field
    if (OF_THE_SIGNATURE.has(name)) continue
    if (!name.startsWith('x-amz-') && !AS_THEY_ARE.has(name)) continue
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new S3Error('InvalidArgument', 'A field that becomes a header must have the name of one', {
        ArgumentName: field,
      })
    }
    headers.set(name, toHeaderValue(field, value))
  }
  return headers
}
