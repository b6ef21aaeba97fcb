import { join } from 'node:path'

/** Where things lie in the server's directory. */
export interface Layout {
  readonly root: string
  /** Bodies, each a file with a random name. */
  readonly blobs: string
  /** A directory a bucket, in it a record a key. A bucket exists exactly if its directory does. */
  readonly meta: string
  /** What is known of a bucket beside its name: one file each. */
  readonly buckets: string
  /** Unfinished multipart uploads: a file each, and one for each of their parts. */
  readonly uploads: string
  /** Files that are not yet what they are to be. */
  readonly temporary: string
  /** What the start found broken and set aside. */
  readonly damaged: string
}

/** The layout below a directory. */
export function layoutOf(root: string): Layout {
  return {
    root,
    blobs: join(root, 'blobs'),
    meta: join(root, 'meta'),
    buckets: join(root, 'buckets'),
    uploads: join(root, 'uploads'),
    temporary: join(root, 'tmp'),
    damaged: join(root, 'damaged'),
  }
}
