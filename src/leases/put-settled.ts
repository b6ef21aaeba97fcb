import type { ObjectStore, PutOptions, PutResult } from '../storage/object-store.ts'

/** What `putSettled` writes under: one of the two conditions. */
export type Condition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' }

/**
 * A conditional write of JSON (or what `contentType` says) whose conflict is somebody else's. `bytes` must differ from
 * whatever anybody else may write there: an attempt whose answer was lost conflicts with itself when it is repeated,
 * and is told by its bytes.
 */
export async function putSettled(
  store: Pick<ObjectStore, 'get' | 'put'>,
  key: string,
  bytes: Buffer,
  options: Condition & Partial<PutOptions>,
): Promise<PutResult> {
  const put = await store.put(key, bytes, {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ...options,
  })
  if (put.outcome === 'stored') return put
  const there = await store.get(key, { signal: options.signal })
  const isOurs = there.outcome === 'found' && there.object.body.equals(bytes)
  return isOurs ? { outcome: 'stored', etag: there.object.etag } : put
}
