import { S3Error } from '../s3-error.ts'

/** A document that decides over many objects must not be garbled on the way: S3 wants a digest, of whichever kind. */
export function requireIntegrity(headers: ReadonlyMap<string, string>): void {
  const isDeclared = [...headers.keys()].some(
    (name) => name === 'content-md5' || name === 'x-amz-trailer' || name.startsWith('x-amz-checksum-'),
  )
  if (isDeclared) return
  throw new S3Error(
    'InvalidRequest',
    'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
  )
}
