import { S3Error } from '../s3-error.ts'
import { type ChecksumName, checksumOfHeader, isBase64, isChecksumValue } from './checksum-algorithms.ts'

/** What a request says of its body before it is read. */
export interface DeclaredIntegrity {
  /** Base64. */
  readonly md5: string | undefined
  /** `value` is missing when it comes as a trailer. */
  readonly checksum: { readonly name: ChecksumName; readonly value: string | undefined } | undefined
}

/** Reads `Content-MD5`, `x-amz-checksum-*` and `x-amz-trailer`; throws when they are malformed or contradict each other. */
export function declaredIntegrity(headers: ReadonlyMap<string, string>): DeclaredIntegrity {
  const md5 = headers.get('content-md5')
  if (md5 !== undefined && !isBase64(md5, 16)) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.')
  }
  const checksum = fromHeaders(headers) ?? fromTrailer(headers)
  checkAnnounced(headers.get('x-amz-sdk-checksum-algorithm'), checksum)
  return { md5, checksum }
}

/** What a client says that it computes must be what it sends: `x-amz-sdk-checksum-algorithm` stands in no other place. */
function checkAnnounced(algorithm: string | undefined, checksum: DeclaredIntegrity['checksum']): void {
  if (algorithm === undefined) return
  if (checksum === undefined) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  if (algorithm.toLowerCase() !== checksum.name) {
    throw new S3Error('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
}

function fromHeaders(headers: ReadonlyMap<string, string>): DeclaredIntegrity['checksum'] {
  const given = [...headers].filter(
    ([name]) =>
      name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-type' && name !== 'x-amz-checksum-mode',
  )
  const [first, second] = given
  if (first === undefined) return undefined
  if (second !== undefined || headers.has('x-amz-trailer')) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.',
    )
  }
  const name = checksumOfHeader(first[0])
  if (name === undefined)
    throw new S3Error('InvalidRequest', `The checksum header ${first[0]} is not supported.`)
  checkValue(name, first[1])
  return { name, value: first[1] }
}

function fromTrailer(headers: ReadonlyMap<string, string>): DeclaredIntegrity['checksum'] {
  const trailer = headers.get('x-amz-trailer')
  if (trailer === undefined) return undefined
  const name = checksumOfHeader(trailer.trim().toLowerCase())
  if (name === undefined)
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  return { name, value: undefined }
}

/** Throws unless a text can be a checksum of that algorithm. */
export function checkValue(name: ChecksumName, value: string): void {
  if (isChecksumValue(name, value)) return
  throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${name} header is invalid.`)
}
