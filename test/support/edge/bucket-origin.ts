import type { ObjectStore } from '../../../src/storage/object-store.ts'
import { answerViewer } from './answer.ts'
import type { EdgeAnswer, EdgeOrigin } from './edge.ts'
import { splitTarget } from './key.ts'

/**
 * A bucket as the edge sees it, by a policy that lets it read below `prefix` and list nothing: what is not there is 403,
 * like what is not allowed.
 */
export function createBucketOrigin(store: Pick<ObjectStore, 'get'>, prefix = 'img/'): EdgeOrigin {
  return async (request) => {
    const key = decodeURIComponent(splitTarget(request.target).path.slice(1))
    const read = key.startsWith(prefix) ? await store.get(key) : undefined
    if (read?.outcome !== 'found') return denied()
    const { body, etag, lastModified, contentType, cacheControl, metadata } = read.object
    const headers = {
      ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
      ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
      'content-type': contentType,
      'content-length': `${body.length}`,
      etag,
      'last-modified': lastModified.toUTCString(),
      'accept-ranges': 'bytes',
    }
    return answerViewer(request, { status: 200, headers, body })
  }
}

function denied(): EdgeAnswer {
  const body = Buffer.from('<Error><Code>AccessDenied</Code></Error>')
  const headers = { 'content-type': 'application/xml', 'content-length': `${body.length}` }
  return { status: 403, headers, body }
}
