import type { ImageRequest } from './image-request.ts'

/** A way to spell a spec in a URL. Pure: equal targets, equal answers. */
export interface Dialect {
  /**
   * Understands a raw request target, as it stood on the request line. Throws `invalid_target` for what it does not
   * understand and `invalid_signature`.
   */
  parse(rawTarget: string): Parsed
}

/** What a target came to. */
export type Parsed = ParsedImage | ParsedRedirect

export interface ParsedImage {
  readonly kind: 'image'
  readonly request: ImageRequest
  /** Whether a valid signature permits any size. */
  readonly signed: boolean
  /** The target without authority and query: one spelling, fit to be remembered by. */
  readonly canonicalTarget: string
}

/** The target has another spelling, at `location`: 308. */
export interface ParsedRedirect {
  readonly kind: 'redirect'
  readonly location: string
}
