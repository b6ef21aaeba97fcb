import { PRESIGNED_PARAMETERS } from './auth/claim.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { isHoisted, type S3Request } from './protocol/s3-request.ts'
import { S3Error } from './s3-error.ts'

/** Parameters that mean nothing to the operation itself: `x-id` is what SDKs add for whoever reads their logs. */
const EVERYWHERE: ReadonlySet<string> = new Set([...PRESIGNED_PARAMETERS, 'x-id'])

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])

/** The rows of the table that a request can be meant for at all, by method and scope, in its order. */
const CANDIDATES = new Map<string, Operation[]>()
for (const operation of OPERATIONS) {
  const name = `${operation.method} ${operation.scope}`
  CANDIDATES.set(name, [...(CANDIDATES.get(name) ?? []), operation])
}

/** The operation that a request asks for. A parameter that none understands is 501: never the plain operation. */
export function findOperation(request: S3Request): Operation {
  const { method, query } = request
  const candidates = CANDIDATES.get(`${method} ${scopeOf(request)}`)
  const operation = candidates?.find((candidate) => fits(candidate, request))
  if (operation) return operation
  if (!METHODS.has(method)) {
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      Method: method,
    })
  }
  throw new S3Error('NotImplemented', 'This server does not implement what the request asks for.', {
    Method: method,
    Parameters: [...query.keys()].filter((name) => !EVERYWHERE.has(name)).join(', '),
  })
}

function fits(operation: Operation, request: S3Request): boolean {
  const { requires = [], allows = [], header } = operation
  if (header !== undefined && !request.headers.has(header)) return false
  if (!requires.every((name) => request.query.has(name))) return false
  const presigned = request.query.has('X-Amz-Signature')
  for (const name of request.query.keys()) {
    const isUnderstood = EVERYWHERE.has(name) || requires.includes(name) || allows.includes(name)
    if (!isUnderstood && !(presigned && isHoisted(name))) return false
  }
  return true
}

function scopeOf(request: S3Request): Operation['scope'] {
  if (request.bucket === '') return 'service'
  return request.key === '' ? 'bucket' : 'object'
}
