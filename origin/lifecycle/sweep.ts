import type { Log } from '../log.ts'
import { preconditionFailed } from '../protocol/conditions.ts'
import { S3Error } from '../s3-error.ts'
import type { Bucket } from '../store/bucket.ts'
import { type Cursor, listPage } from '../store/list-page.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { isAbandoned, isExpired } from './due.ts'
import type { IncompleteUpload, IncompleteUploads } from '../uploads/incomplete-uploads.ts'

export interface SweepParts {
  readonly store: Store
  /** Missing where there are no multipart uploads. */
  readonly uploads?: IncompleteUploads | undefined
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
}

/** So many keys are looked at before others get their turn, and so many objects are removed at a time. */
const PAGE = 100

/** Carries out the lifecycle rules of all buckets once; ends early when the signal says so. */
export async function sweep(parts: SweepParts, signal: AbortSignal): Promise<void> {
  for (const bucket of parts.store.listBuckets()) {
    if (bucket.settings.lifecycle === undefined) continue
    const expired = await sweepObjects(parts, bucket, signal)
    const aborted = await sweepUploads(parts, bucket, signal)
    if (expired + aborted > 0) parts.log({ msg: 'lifecycle', bucket: bucket.name, expired, aborted })
  }
}

async function sweepObjects(parts: SweepParts, bucket: Bucket, signal: AbortSignal): Promise<number> {
  let count = 0
  let after: Cursor | undefined
  do {
    if (signal.aborted) break
    const page = listPage(bucket.index, { prefix: '', delimiter: '', limit: PAGE, after })
    const due = page.records.filter((record) => isDue(parts, bucket, record))
    const removed = await Promise.all(due.map(({ key }) => expire(parts, bucket, key)))
    count += removed.filter(Boolean).length
    after = page.next
    // Promises alone would not let sockets in between pages of which nothing is due.
    await new Promise((resolve) => void setImmediate(resolve))
  } while (after !== undefined)
  return count
}

/** Whether an object was removed. Rules, object and tags may have changed since it was listed: what counts is now. */
async function expire(parts: SweepParts, bucket: Bucket, key: string): Promise<boolean> {
  try {
    await bucket.delete(key, (current) => {
      if (current === undefined || !isDue(parts, bucket, current)) throw preconditionFailed('Lifecycle')
    })
    return true
  } catch (error) {
    const isSpared = error instanceof S3Error
    if (!isSpared) parts.log({ msg: 'lifecycle failed', bucket: bucket.name, key, error: String(error) })
    return false
  }
}

function isDue({ now }: SweepParts, bucket: Bucket, record: ObjectRecord): boolean {
  return isExpired(bucket.settings.lifecycle, record, now())
}

async function sweepUploads(parts: SweepParts, bucket: Bucket, signal: AbortSignal): Promise<number> {
  let count = 0
  for (const upload of parts.uploads?.listBefore(bucket.name, parts.now()) ?? []) {
    if (signal.aborted) break
    if (!isAbandoned(bucket.settings.lifecycle, upload, parts.now())) continue
    if (await abort(parts, bucket, upload)) count += 1
  }
  return count
}

async function abort(
  { uploads, log }: SweepParts,
  { name }: Bucket,
  upload: IncompleteUpload,
): Promise<boolean> {
  try {
    await uploads?.abort(name, upload)
    return true
  } catch (error) {
    log({ msg: 'lifecycle failed', bucket: name, key: upload.key, error: String(error) })
    return false
  }
}
