import { readText } from '../body/read-document.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { malformed, MAX_POLICY_BYTES, parsePolicy } from './bucket-policy.ts'

/** Replaces a bucket's policy, if it says nothing that this server cannot honour. */
export async function putBucketPolicy({ request, body, store }: OperationContext): Promise<Reply> {
  store.getBucket(request.bucket)
  const document = await readText(body, MAX_POLICY_BYTES, () =>
    malformed(`A policy is text in UTF-8 of up to ${MAX_POLICY_BYTES} bytes`),
  )
  await store.configure(request.bucket, { policy: parsePolicy(document, request.bucket) })
  return { status: 204 }
}
