import type { Readable } from 'node:stream'
import type { CallOptions, ObjectFacts } from '../storage/object-store.ts'

/**
 * Called as bytes go over the wire: how many so far, of how many if that is known. An upload counts what the store has
 * confirmed: part by part, or all at the end.
 */
export type OnProgress = (sentBytes: number, totalBytes: number | undefined) => void

/** What is written with an object, beside its bytes. */
export interface ObjectHeaders {
  readonly contentType: string
  readonly cacheControl?: string | undefined
  readonly contentDisposition?: string | undefined
  /** User metadata; names in lower case, without `x-amz-meta-`. Values are visible ASCII. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface UploadOptions extends CallOptions, ObjectHeaders {
  /** Length, where it is known; a stream of another one is `invalid_request`. */
  readonly bytes?: number | undefined
  /** Beyond it the upload is given up, `upload_too_large`, and nothing is stored. */
  readonly maxBytes?: number | undefined
  readonly ifNoneMatch?: '*' | undefined
  readonly onProgress?: OnProgress | undefined
}

export interface DownloadOptions extends CallOptions {
  readonly ifMatch?: string | undefined
  /** First and last byte, inclusive; a last one beyond the end is the end, a first one there is `range_not_satisfiable`. */
  readonly range?: { readonly first: number; readonly last: number } | undefined
  readonly onProgress?: OnProgress | undefined
}

export type DownloadResult =
  | { readonly outcome: 'found'; readonly facts: ObjectFacts; readonly body: Readable }
  | { readonly outcome: 'absent' | 'changed' }

export interface CopyOptions extends CallOptions {
  /** Only this version of the source. */
  readonly ifMatch?: string | undefined
  /** Only where there is nothing yet. */
  readonly ifNoneMatch?: '*' | undefined
  /**
   * Instead of those of the source. A stamp `halftone` with a checksum is kept: who gives it has read the bytes that
   * `ifMatch` names.
   */
  readonly headers?: ObjectHeaders | undefined
}

export type CopyResult =
  | { readonly outcome: 'copied'; readonly etag: string }
  | { readonly outcome: 'absent' | 'changed' | 'conflict' }

/**
 * Whole objects that do not pass through memory: streams and copies. Absence and unmet conditions are returned; what is
 * thrown is what an `ObjectStore` throws.
 */
export interface Transfers {
  /**
   * Stores a stream whole or not at all: one PUT below 5 MB, else a multipart upload, aborted when it fails. The stream is
   * destroyed when it is given up; what it fails with is thrown as it is.
   */
  upload(key: string, body: Readable, options: UploadOptions): Promise<{ readonly etag: string } | 'conflict'>
  /**
   * An object as a stream. Who takes the body reads it to its end or destroys it; a body that is cut short, or is not what
   * its checksum says, ends in an error. `facts.bytes` is the length of the whole object.
   */
  download(key: string, options?: DownloadOptions): Promise<DownloadResult>
  /** Copies inside the bucket, without the bytes passing through here; objects of 5 GB at most. */
  copy(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
  /** A copy, then the source is deleted, if it is still the version that was copied. */
  move(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
}

export interface Part {
  readonly partNumber: number
  readonly etag: string
  /** Length in bytes. */
  readonly bytes: number
}

/** A multipart upload that has been begun, and neither completed nor aborted. */
export interface PendingUpload {
  readonly key: string
  readonly uploadId: string
  readonly begunAt: Date
}

/** Uploads in parts, whose bytes come from somebody else (a browser, by presigned URLs). */
export interface Multiparts {
  begin(key: string, headers: ObjectHeaders, options?: CallOptions): Promise<string>
  /** The parts that have arrived; `undefined` when there is no such upload. */
  list(key: string, uploadId: string, options?: CallOptions): Promise<readonly Part[] | undefined>
  /** `invalid`: the parts are not those that the store has, or too small. */
  complete(
    key: string,
    uploadId: string,
    parts: readonly Pick<Part, 'partNumber' | 'etag'>[],
    options?: CallOptions,
  ): Promise<
    { readonly outcome: 'completed'; readonly etag: string } | { readonly outcome: 'absent' | 'invalid' }
  >
  /** An upload that is not there counts as aborted. */
  abort(key: string, uploadId: string, options?: CallOptions): Promise<void>
  /** The uploads under way to keys that begin with `prefix`. */
  pending(prefix: string, options?: CallOptions): AsyncIterable<PendingUpload>
}

export interface SignedForm {
  readonly url: string
  /** Fields of the form, in front of the file. */
  readonly fields: Readonly<Record<string, string>>
}

export interface SignedRequest {
  readonly method: 'GET' | 'PUT'
  readonly url: string
  /** Headers that are signed, and have to be sent as they are; the length is signed too, and every client tells it. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Signable {
  readonly key: string
  /** Seconds, at most 7 days. */
  readonly expiresInS: number
}

/** Permissions for somebody else to read or write one object, at the endpoint that clients reach. */
export interface Presigner {
  /** A browser form (POST policy): the store itself enforces key, type and the range of lengths. */
  form(
    what: Signable & ObjectHeaders & { readonly minBytes: number; readonly maxBytes: number },
  ): Promise<SignedForm>
  /** A PUT of exactly so many bytes, only where there is nothing yet; `overwrites` is for stores without that condition. */
  put(
    what: Signable & ObjectHeaders & { readonly bytes: number; readonly overwrites?: boolean | undefined },
  ): Promise<SignedRequest>
  /** One part of exactly so many bytes. */
  part(
    what: Signable & { readonly uploadId: string; readonly partNumber: number; readonly bytes: number },
  ): Promise<SignedRequest>
  get(what: Signable & { readonly contentDisposition?: string | undefined }): Promise<SignedRequest>
}
