import { type AutoSpec, isAuto, type VariantSpec } from '../transform/spec.ts'

/** A parsed target: what every dialect turns a URL into. Immutable; behind `urls/` nobody sees a URL string. */
export type ImageRequest = SettledRequest | AutoRequest

interface Requested {
  readonly source: SourcePath
  /** Whether the size came from a preset: those are allowed under every size policy. */
  readonly preset: boolean
}

/** An image request that says all that is to be known. */
export interface SettledRequest extends Requested {
  /** The version named by a versioned path, 15 characters. */
  readonly version?: string
  /** A picture, or facts about the source. */
  readonly spec: VariantSpec
}

/** An image request whose format is to be negotiated: never of a version, which stands for the same bytes for ever. */
export interface AutoRequest extends Requested {
  readonly version?: undefined
  readonly spec: AutoSpec
  /** Whether the sides of the source count for the format where it is smaller than what is asked for. */
  readonly looksAtSides?: true
}

/** Whether the format of a request is to be negotiated. */
export function isAutoRequest(request: ImageRequest): request is AutoRequest {
  return isAuto(request.spec)
}

/**
 * What a path in a URL points at, decided by its shape alone. `path` is decoded, without a leading slash, and is the
 * part between `/img/` and the version or size.
 */
export type SourcePath =
  | { readonly shape: 'item-cover'; readonly path: string; readonly itemId: string }
  | { readonly shape: 'item-photo'; readonly path: string; readonly itemId: string; readonly photoId: string }
  | { readonly shape: 'profile'; readonly path: string; readonly userId: string }
  | { readonly shape: 'key'; readonly path: string }
  | RemotePath

/** A source that lies on another server; `path` is `remote/` and the SHA-256 of `url`, in hexadecimal digits. */
export interface RemotePath {
  readonly shape: 'remote'
  readonly path: string
  readonly url: string
}
