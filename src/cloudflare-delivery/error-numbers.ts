import type { ErrorCode } from '../errors.ts'

/** What this dialect calls a failure, and the status of its answer. */
export interface NumberedError {
  readonly number: number
  readonly status: number
}

const error = (number: number, status: number): NumberedError => ({ number, status })

/** Cloudflare's number and status of every failure of ours; those of the API are here so that none can be forgotten. */
export const ERROR_NUMBERS: Readonly<Record<ErrorCode, NumberedError>> = {
  invalid_target: error(9401, 400),
  source_not_allowed: error(9401, 403),
  origin_secret_required: error(9401, 403),
  source_archived: error(9402, 502),
  source_loop: error(9403, 508),
  source_not_found: error(9404, 404),
  overlay_not_found: error(9404, 404),
  route_not_found: error(9404, 404),
  invalid_source_url: error(9406, 403),
  remote_unresolved: error(9407, 523),
  remote_refused: error(9408, 403),
  source_not_a_picture: error(9412, 415),
  source_too_large: error(9413, 403),
  // No size is refused here but one that is enlarged too much.
  size_not_allowed: error(9413, 403),
  source_broken: error(9516, 422),
  source_crashed: error(9516, 422),
  overlay_unusable: error(9516, 502),
  too_many_redirects: error(9421, 400),
  too_many_requests: error(9422, 429),
  signature_required: error(9423, 403),
  invalid_request: error(9424, 400),
  method_not_allowed: error(9424, 405),
  range_not_satisfiable: error(9424, 416),
  authentication_required: error(9425, 403),
  token_invalid: error(9425, 403),
  invalid_signature: error(9425, 403),
  access_denied: error(9425, 403),
  invalid_delivery_url: error(9426, 403),
  account_unknown: error(9427, 403),
  flexible_variants_off: error(9429, 403),
  not_found: error(9431, 404),
  request_timed_out: error(9432, 408),
  already_exists: error(9432, 409),
  conflict: error(9432, 409),
  limit_reached: error(9432, 409),
  upload_gone: error(9432, 410),
  length_required: error(9432, 411),
  expectation_failed: error(9432, 417),
  headers_too_large: error(9432, 431),
  precondition_failed: error(9432, 412),
  body_too_large: error(9432, 413),
  upload_too_large: error(9432, 413),
  unsupported_media_type: error(9432, 415),
  upload_type_refused: error(9432, 415),
  upload_refused: error(9432, 422),
  upload_infected: error(9432, 422),
  remote_timed_out: error(9504, 524),
  bucket_unreachable: error(9505, 502),
  bucket_refused: error(9505, 502),
  remote_failed: error(9509, 502),
  remote_unreachable: error(9510, 523),
  identity_unreachable: error(9518, 502),
  overloaded: error(9522, 503),
  draining: error(9522, 503),
  timed_out: error(9522, 504),
  internal: error(9523, 500),
  record_invalid: error(9523, 500),
  source_changing: error(9527, 503),
  library_read_only: error(9527, 503),
  scanner_unavailable: error(9527, 503),
  client_gone: error(9528, 499),
  // 504 there: whoever sees that asks again, and it would be no other picture then.
  source_overran: error(9529, 415),
}
