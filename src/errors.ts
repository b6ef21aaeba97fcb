/**
 * Every failure that a client can see: its status and the cache class of its answer
 * (classes: `cdn/cache-policy.ts`). Codes are stable: clients and dashboards rely on them.
 */
const CATALOGUE = {
  invalid_target: { status: 400, class: 'F' },
  invalid_source_url: { status: 400, class: 'F' },
  size_not_allowed: { status: 400, class: 'F' },
  invalid_request: { status: 400, class: 'H' },
  authentication_required: { status: 401, class: 'G' },
  token_invalid: { status: 401, class: 'G' },
  signature_required: { status: 403, class: 'G' },
  invalid_signature: { status: 403, class: 'G' },
  access_denied: { status: 403, class: 'G' },
  source_not_allowed: { status: 403, class: 'G' },
  account_unknown: { status: 403, class: 'G' },
  invalid_delivery_url: { status: 403, class: 'G' },
  flexible_variants_off: { status: 403, class: 'G' },
  origin_secret_required: { status: 403, class: 'G' },
  source_not_found: { status: 404, class: 'E' },
  overlay_not_found: { status: 404, class: 'E' },
  route_not_found: { status: 404, class: 'E' },
  not_found: { status: 404, class: 'H' },
  method_not_allowed: { status: 405, class: 'H' },
  request_timed_out: { status: 408, class: 'H' },
  already_exists: { status: 409, class: 'H' },
  conflict: { status: 409, class: 'H' },
  limit_reached: { status: 409, class: 'H' },
  upload_gone: { status: 410, class: 'H' },
  length_required: { status: 411, class: 'H' },
  precondition_failed: { status: 412, class: 'H' },
  body_too_large: { status: 413, class: 'H' },
  upload_too_large: { status: 413, class: 'H' },
  unsupported_media_type: { status: 415, class: 'H' },
  upload_type_refused: { status: 415, class: 'H' },
  upload_refused: { status: 422, class: 'H' },
  upload_infected: { status: 422, class: 'H' },
  source_not_a_picture: { status: 415, class: 'verdict' },
  source_broken: { status: 415, class: 'verdict' },
  source_crashed: { status: 415, class: 'verdict' },
  source_too_large: { status: 415, class: 'verdict' },
  source_overran: { status: 415, class: 'verdict' },
  source_archived: { status: 415, class: 'verdict' },
  range_not_satisfiable: { status: 416, class: 'H' },
  expectation_failed: { status: 417, class: 'H' },
  too_many_requests: { status: 429, class: 'K' },
  headers_too_large: { status: 431, class: 'H' },
  client_gone: { status: 499, class: 'K' },
  internal: { status: 500, class: 'J' },
  record_invalid: { status: 500, class: 'J' },
  bucket_unreachable: { status: 502, class: 'J' },
  bucket_refused: { status: 502, class: 'J' },
  overlay_unusable: { status: 502, class: 'J' },
  identity_unreachable: { status: 502, class: 'J' },
  remote_unreachable: { status: 502, class: 'J' },
  remote_unresolved: { status: 502, class: 'J' },
  remote_refused: { status: 502, class: 'J' },
  remote_failed: { status: 502, class: 'J' },
  too_many_redirects: { status: 502, class: 'J' },
  library_read_only: { status: 503, class: 'K' },
  source_changing: { status: 503, class: 'K' },
  scanner_unavailable: { status: 503, class: 'K' },
  overloaded: { status: 503, class: 'K' },
  draining: { status: 503, class: 'K' },
  timed_out: { status: 504, class: 'J' },
  remote_timed_out: { status: 504, class: 'J' },
  source_loop: { status: 508, class: 'H' },
} as const satisfies Record<string, { status: number; class: ErrorClass }>

/** The cache classes that an error's answer can have. */
export type ErrorClass = 'E' | 'F' | 'G' | 'H' | 'J' | 'K' | 'verdict'

export type ErrorCode = keyof typeof CATALOGUE

/** Codes that are a verdict on one version of a source: they stay true until the source changes. */
export type VerdictCode = {
  [Code in ErrorCode]: (typeof CATALOGUE)[Code]['class'] extends 'verdict' ? Code : never
}[ErrorCode]

/** An expected failure. `message` is shown to the client; `cause` is only logged. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  get status(): number {
    return CATALOGUE[this.code].status
  }

  get cacheClass(): ErrorClass {
    return CATALOGUE[this.code].class
  }
}

/** Whether a failure is a verdict on the source itself, to be remembered while its version lasts. */
export function isVerdict(error: unknown): error is GatewayError & { code: VerdictCode } {
  return error instanceof GatewayError && error.cacheClass === 'verdict'
}
