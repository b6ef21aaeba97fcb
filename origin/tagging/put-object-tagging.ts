import { malformedXml, readDocument } from '../body/read-document.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { noSuchKey } from '../objects/get-object.ts'
import { MAX_TAGGING_BYTES, parseTagging } from './tag-set.ts'

/** Replaces an object's tags, all of them; its bytes, ETag and date stay. */
export async function putObjectTagging({ request, body, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const document = await readDocument(body, 'Tagging', MAX_TAGGING_BYTES)
  if (document === undefined) throw malformedXml()
  const tags = parseTagging(document)
  await bucket.amend(request.key, (current) => {
    if (current === undefined) throw noSuchKey(request.key)
    return { ...current, tags }
  })
  return { status: 200 }
}
