import { S3Error } from '../s3-error.ts'
import type { Uploads } from './uploads.ts'

/** An upload that was begun and neither completed nor aborted, as a lifecycle rule sees it. */
export interface IncompleteUpload {
  readonly key: string
  readonly uploadId: string
  /** Milliseconds since 1970. */
  readonly initiatedAt: number
}

/** What a sweep of forgotten uploads needs, and nothing else of them. */
export interface IncompleteUploads {
  /** A bucket's uploads that were begun before a time (milliseconds since 1970). */
  listBefore(bucket: string, time: number): readonly IncompleteUpload[]
  /** Removes an upload and its parts; one that has just ended counts as removed. */
  abort(bucket: string, upload: IncompleteUpload): Promise<void>
}

/** That view of a store's uploads. */
export function createIncompleteUploads(uploads: Uploads): IncompleteUploads {
  return {
    listBefore: (bucket, time) =>
      uploads
        .list(bucket)
        .filter(({ initiatedAt }) => initiatedAt < time)
        .map(({ key, id, initiatedAt }) => ({ key, uploadId: id, initiatedAt })),
    abort: async (bucket, { key, uploadId }) => {
      try {
        await uploads.abort({ bucket, key, id: uploadId })
      } catch (error) {
        if (!(error instanceof S3Error && error.code === 'NoSuchUpload')) throw error
      }
    },
  }
}
