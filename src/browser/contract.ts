import type { UploadResult } from './answers.ts'

/** What is uploaded, and for whom. */
export interface UploadTarget {
  readonly kind: 'item-photo' | 'profile-photo' | 'verification-document'
  /** An item's id for `item-photo`, else a user's. */
  readonly ownerId: string
  /** The photo that is replaced; without it a new one. */
  readonly photoId?: string
  /** Where in the order a new photo goes; without it to the end. */
  readonly at?: number
  readonly documentType?: string
  /** From when on a document is not handed out any more, ISO 8601. */
  readonly documentExpiresAt?: string
}

/** `preparing`: waiting for its turn and its ticket; `completing`: the gateway looks at what has arrived. */
export type UploadState = 'preparing' | 'sending' | 'completing' | 'done'

export interface UploadProgress {
  readonly state: UploadState
  /** Bytes that have gone over the wire; less than before when something has to be sent again. */
  readonly sentBytes: number
  readonly totalBytes: number
}

/** One file on its way. */
export interface Upload {
  readonly file: File
  /** Rejects with an `UploadError`. */
  readonly result: Promise<UploadResult>
  /**
   * Stops it and removes what has arrived; resolves when that is done, and `result` rejects with `cancelled`. Too late
   * once the gateway has been asked to complete it: then the upload ends as it ends.
   */
  cancel(): Promise<void>
}

export interface UploadOptions {
  readonly onProgress?: (progress: UploadProgress) => void
}

/** Uploads files from a page straight to the bucket. */
export interface Uploader {
  upload(file: File, target: UploadTarget, options?: UploadOptions): Upload
  /**
   * Hands on the files that somebody chooses in an `<input type="file">` or drops on any other element. Returns what takes
   * that back.
   */
  watch(element: HTMLElement, onFiles: (files: readonly File[]) => void): () => void
}

export interface UploaderOptions {
  /** Where the API is; `/api/v1` of the page's own origin by default. */
  readonly api?: string
  /** The bearer token for the next request; `isRefused` when the last one was not accepted. */
  readonly token?: (isRefused: boolean) => string | Promise<string>
  /** Files, and transfers to the bucket, at once. */
  readonly concurrency?: number
  /** Attempts of each request, the first included. */
  readonly attempts?: number
  /** The longest pause before the second attempt; it doubles with each further one. */
  readonly retryDelayMs?: number
  /** A transfer that makes no progress for so long is begun again. */
  readonly stallMs?: number
  /** Where uploads that are under way are remembered over a reload; `null`: nowhere. */
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null
}
