import { GatewayError } from '../errors.ts'
import { type AllowedSource, isAllowedSource } from './allowed-sources.ts'

/** Which URLs may be fetched. */
export interface RemoteRules {
  readonly allowed: readonly AllowedSource[]
  /** The site whose pictures these are, such as `http://10.0.0.7:8080`; its address may be private. */
  readonly siteOrigin?: string | undefined
  /** Hosts, with their ports, where this gateway itself is reached. */
  readonly ownHosts: readonly string[]
}

/** The longest URL that is fetched, in characters. */
const MAX_LENGTH = 4096

/**
 * Throws for a URL that may not be fetched: `invalid_source_url`, `source_loop`, `source_not_allowed`. The site itself
 * is allowed where `isAtSite` says that the site has been asked for: from another server nobody is led there.
 */
export function assertFetchable(url: URL, rules: RemoteRules, isAtSite: boolean): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new GatewayError('invalid_source_url', 'The source must be an address of http or https')
  }
  if (url.username !== '' || url.password !== '') {
    throw new GatewayError(
      'invalid_source_url',
      'The address of the source must not hold a user or a password',
    )
  }
  if (url.href.length > MAX_LENGTH) {
    throw new GatewayError(
      'invalid_source_url',
      `The address of the source has more than ${MAX_LENGTH} characters`,
    )
  }
  if (rules.ownHosts.includes(url.host)) {
    throw new GatewayError('source_loop', 'The source is at this gateway itself')
  }
  if (isAtSite && url.origin === rules.siteOrigin) return
  if (!isAllowedSource(url, rules.allowed)) {
    throw new GatewayError(
      'source_not_allowed',
      'The server of the source is not among those that are allowed',
    )
  }
}
