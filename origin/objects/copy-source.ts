import { evaluateRead, preconditionFailed, readConditions } from '../protocol/conditions.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectRecord } from '../store/object-record.ts'

/** Which object is to be copied: `bucket/key` or `/bucket/key`, percent-encoded. */
export function parseCopySource(request: S3Request): { bucket: string; key: string } {
  const [path = '', version] = (request.headers.get('x-amz-copy-source') ?? '').split('?')
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decode(path))
  if (version !== undefined && version !== 'versionId=null') {
    throw new S3Error('NotImplemented', 'This server keeps no versions', { Header: 'x-amz-copy-source' })
  }
  if (match?.[1] !== undefined && match[2] !== undefined) return { bucket: match[1], key: match[2] }
  throw badSource()
}

/** Throws unless the source is as the request wants it. */
export function checkCopySource(request: S3Request, record: ObjectRecord): void {
  const conditions = readConditions(request.headers, 'x-amz-copy-source-')
  if (evaluateRead(conditions, record) !== 'met') throw preconditionFailed('x-amz-copy-source-If-*')
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw badSource()
  }
}

function badSource(): S3Error {
  return new S3Error(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    {
      ArgumentName: 'x-amz-copy-source',
    },
  )
}
