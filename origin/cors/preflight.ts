import type { Reply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'
import type { Store } from '../store/store.ts'
import { grant } from './cors-headers.ts'

/** Answers a browser that asks before it sends: without credentials, and of nothing but the bucket's rules. */
export function preflight(request: S3Request, store: Store): Reply {
  const origin = request.sentHeaders.get('origin')
  const method = request.sentHeaders.get('access-control-request-method')
  if (origin === undefined) {
    throw new S3Error('BadRequest', 'Insufficient information. Origin request header needed.')
  }
  if (method === undefined) throw new S3Error('BadRequest', 'Invalid Access-Control-Request-Method: null')
  const bucket = store.findBucket(request.bucket)
  if (bucket === undefined) throw forbidden(request, method, 'Bucket not found')
  const rules = bucket.settings.cors
  if (rules === undefined) throw forbidden(request, method, 'CORS is not enabled for this bucket.')
  const headers = grant(rules, { origin, method, headers: requestedHeaders(request) })
  if (headers === undefined) {
    throw forbidden(
      request,
      method,
      'This CORS request is not allowed. No rule of the bucket covers its Origin, Access-Control-Request-Method and Access-Control-Request-Headers.',
    )
  }
  return { status: 200, headers }
}

function requestedHeaders({ sentHeaders }: S3Request): string[] {
  const names = sentHeaders.get('access-control-request-headers')?.toLowerCase().split(',') ?? []
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

function forbidden({ key }: S3Request, method: string, reason: string): S3Error {
  return new S3Error('AccessForbidden', `CORSResponse: ${reason}`, {
    Method: method,
    ResourceType: key === '' ? 'BUCKET' : 'OBJECT',
  })
}
