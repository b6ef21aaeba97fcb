import { errors } from 'undici'
import { type ErrorCode, GatewayError } from '../errors.ts'

const NO_HTTP = 'The server of the source does not speak HTTP as it should'

/** What the codes of Node and undici mean; any other is a server that cannot be reached or breaks off. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOTFOUND: ['remote_unresolved', 'The name of the source’s server is not known'],
  ENODATA: ['remote_unresolved', 'The name of the source’s server has no address'],
  EAI_AGAIN: ['remote_unresolved', 'The name of the source’s server cannot be looked up'],
  EAI_NODATA: ['remote_unresolved', 'The name of the source’s server has no address'],
  ETIMEDOUT: ['remote_timed_out', 'The server of the source took too long to connect'],
  UND_ERR_CONNECT_TIMEOUT: ['remote_timed_out', 'The server of the source took too long to connect'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['remote_failed', NO_HTTP],
  UND_ERR_HEADERS_OVERFLOW: ['remote_failed', 'The server of the source answers with too large a head'],
  UND_ERR_HEADERS_TIMEOUT: ['remote_timed_out', 'The server of the source took too long to answer'],
  UND_ERR_BODY_TIMEOUT: ['remote_timed_out', 'The server of the source took too long to send it'],
}

/** What went wrong on the way to another server, in our words; what is in our words already stays as it is. */
export function failureOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof errors.HTTPParserError)
    return new GatewayError('remote_failed', NO_HTTP, { cause: error })
  const [meaning, message] = MEANINGS[code] ?? [
    'remote_unreachable',
    'The server of the source cannot be reached, or broke off',
  ]
  return new GatewayError(meaning, message, { cause: error })
}

/** The failure of a fetch that has used up its whole time. */
export function timedOut(): GatewayError {
  return new GatewayError('remote_timed_out', 'The server of the source took too long')
}
