/**
 * The contract of a bucket: five verbs over whole objects. Absence and unmet conditions are returned, never thrown.
 * What is thrown is a `GatewayError`: `bucket_unreachable` (no connection, 5xx after retries), `bucket_refused`
 * (credentials, permissions, no such bucket), `source_archived` (its bytes have to be restored first) or `timed_out`; an
 * aborted `signal` rejects with its reason.
 * Keys are UTF-8 of at most 1,024 bytes. ETags are kept as the store spells them, quotes included.
 */
export interface ObjectStore {
  /** What is known of an object without its bytes; `undefined` when there is none. One call. */
  head(key: string, options?: CallOptions): Promise<ObjectFacts | undefined>

  /**
   * The bytes of an object, checked against its length and, where one is known, its checksum. One call.
   * An object larger than `maxBytes` is `too-large`: its body is not read.
   */
  get(key: string, options?: GetOptions): Promise<GetResult>

  /** Stores an object whole or not at all; `conflict` when its condition did not hold. One call. */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult>

  /** Removes objects, in calls of up to 1,000 keys; keys that are not there count as removed. */
  delete(keys: readonly string[], options?: DeleteOptions): Promise<void>

  /** Objects whose keys begin with `prefix`, in UTF-8 byte order, page by page (1,000 a call). */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListedObject>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface DeleteOptions extends CallOptions {
  /** For one key alone: only this version of it; another one stays. A store that has no such condition removes either. */
  readonly ifMatch?: string
}

export interface ListOptions extends CallOptions {
  /** Only keys behind this one, in the order of the listing; it need not exist. */
  readonly after?: string | undefined
  /** Called for each page that has arrived, before its objects are given out. */
  readonly onPage?: () => void
}

export interface GetOptions extends CallOptions {
  /** Only this version; any other is `changed`. */
  readonly ifMatch?: string
  /** Not this version: it is `unchanged`. */
  readonly ifNoneMatch?: string
  readonly maxBytes?: number
}

export interface PutOptions extends CallOptions {
  readonly contentType: string
  readonly cacheControl?: string
  /** User metadata; names in lower case, without `x-amz-meta-`. Values are visible ASCII. `halftone` is set by the store when missing. */
  readonly metadata?: Readonly<Record<string, string>>
  /** `*`: only when there is no such object yet. */
  readonly ifNoneMatch?: '*'
  /** Only over this version. */
  readonly ifMatch?: string
}

export interface ObjectFacts {
  readonly key: string
  readonly etag: string
  /** Length in bytes. */
  readonly bytes: number
  readonly lastModified: Date
  readonly contentType: string
  readonly cacheControl?: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface StoredObject extends ObjectFacts {
  readonly body: Buffer<ArrayBuffer>
}

export type GetResult =
  | { readonly outcome: 'found'; readonly object: StoredObject }
  | { readonly outcome: 'absent' | 'changed' | 'unchanged' }
  | { readonly outcome: 'too-large'; readonly bytes: number }

export type PutResult =
  | { readonly outcome: 'stored'; readonly etag: string }
  | { readonly outcome: 'conflict' }

export interface ListedObject {
  readonly key: string
  readonly etag: string
  readonly bytes: number
  readonly lastModified: Date
}
