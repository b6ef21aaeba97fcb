/** A multipart upload that was begun and neither completed nor aborted. */
export interface IncompleteUpload {
  readonly key: string
  readonly uploadId: string
  /** Milliseconds since 1970. */
  readonly initiatedAt: number
}

/** What a sweep needs of multipart uploads. */
export interface IncompleteUploads {
  /** A bucket's uploads that were begun before a time (milliseconds since 1970). */
  listBefore(bucket: string, time: number): readonly IncompleteUpload[]
  /** Removes an upload and its parts; one that has just ended counts as removed. */
  abort(bucket: string, upload: IncompleteUpload): Promise<void>
}
