import { malformedXml, readDocument } from '../body/read-document.ts'
import { requireIntegrity } from '../body/required-integrity.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { MAX_CORS_BYTES, parseCors } from './cors-configuration.ts'

/** Replaces a bucket's rules for pages of other origins. */
export async function putBucketCors({ request, body, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  requireIntegrity(request.headers)
  const document = await readDocument(body, 'CORSConfiguration', MAX_CORS_BYTES)
  if (document === undefined) throw malformedXml()
  await store.configure(request.bucket, { cors: parseCors(document) })
  return { status: 200 }
}
