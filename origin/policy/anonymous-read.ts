import type { Identity } from '../auth/authenticator.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import type { Store } from '../store/store.ts'
import { permitsRead } from './bucket-policy.ts'

/** Who sends no credentials: proves nothing, and signs nothing. */
export const ANONYMOUS: Identity = {
  accessKey: '',
  payloadHash: 'UNSIGNED-PAYLOAD',
  timestamp: '',
  scope: { day: '', region: '' },
  signingKey: Buffer.alloc(0),
  signature: '',
}

/**
 * Whether a request may be served without credentials: GET and HEAD of an object that the bucket's policy shows to
 * everyone. Not for a key that is not there, since telling so is listing; and with no parameter, since `response-*`
 * would let anyone make the bucket say anything.
 */
export function mayReadAnonymously(request: S3Request, store: Store): boolean {
  const { method, key, query } = request
  if (method !== 'GET' && method !== 'HEAD') return false
  if (key === '' || [...query.keys()].some((name) => name !== 'x-id')) return false
  const bucket = store.findBucket(request.bucket)
  return permitsRead(bucket?.settings.policy, key) && bucket?.find(key) !== undefined
}
