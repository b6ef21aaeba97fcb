import type { Reply } from './protocol/reply.ts'
import { bareDocument } from './protocol/xml.ts'
import { S3Error } from './s3-error.ts'
import { hasCode } from './store/files.ts'

/** What went wrong, as S3 says it: the only place where errors become answers. */
export function errorReply(error: S3Error, resource: string, requestId: string): Reply {
  const size = error.code === 'InvalidRange' ? error.details['ActualObjectSize'] : undefined
  return {
    status: error.status,
    headers: {
      'content-type': 'application/xml',
      ...(size !== undefined && { 'content-range': `bytes */${size}` }),
    },
    body: bareDocument('Error', {
      Code: error.code,
      Message: error.message,
      ...error.details,
      Resource: resource,
      RequestId: requestId,
    }),
  }
}

/** The S3 error that a client is told for whatever was thrown. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) {
    return new S3Error('InsufficientStorage', 'There is no space left on the disk; nothing was changed.')
  }
  if (hasCode(error, 'EROFS')) {
    return new S3Error('InsufficientStorage', 'The disk can only be read; nothing was changed.')
  }
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.')
}
