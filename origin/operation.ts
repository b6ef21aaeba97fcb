import type { IncomingBody } from './body/receive-body.ts'
import type { Reply } from './protocol/reply.ts'
import type { S3Request } from './protocol/s3-request.ts'
import type { Store } from './store/store.ts'

/** All that an operation gets: the verified request, its unread body, and where objects are kept. */
export interface OperationContext {
  readonly request: S3Request
  readonly body: IncomingBody
  readonly store: Store
  readonly region: string
}

/** One operation of S3: which requests are meant for it, and what it does. */
export interface Operation {
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly scope: 'service' | 'bucket' | 'object'
  /** Parameters that must be there. */
  readonly requires?: readonly string[]
  /** Further parameters that it understands. With any other one a request is not for this operation. */
  readonly allows?: readonly string[]
  /** A header that must be there. */
  readonly header?: string
  /** Headers that it honours though most operations do not. */
  readonly honours?: readonly string[]
  readonly run: (context: OperationContext) => Promise<Reply> | Reply
}
