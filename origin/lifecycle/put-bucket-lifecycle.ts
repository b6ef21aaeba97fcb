import { malformedXml, readDocument } from '../body/read-document.ts'
import { requireIntegrity } from '../body/required-integrity.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { MAX_LIFECYCLE_BYTES, parseLifecycle } from './lifecycle-configuration.ts'

/** Replaces the rules by which a bucket's objects and uploads age. */
export async function putBucketLifecycle({ request, body, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  requireIntegrity(request.headers)
  const document = await readDocument(body, 'LifecycleConfiguration', MAX_LIFECYCLE_BYTES)
  if (document === undefined) throw malformedXml()
  await store.configure(request.bucket, { lifecycle: parseLifecycle(document) })
  return { status: 200 }
}
