/** One entry of the list of servers that sources may lie on. */
export interface AllowedSource {
  /** By default both of http and https. */
  readonly scheme?: 'http:' | 'https:' | undefined
  /** As URLs spell it; `undefined`: every host. */
  readonly host?: string | undefined
  /** Whether everything below the host is meant, too. */
  readonly withSubdomains: boolean
  /** By default that of the scheme. */
  readonly port?: number | undefined
  /** What paths begin with, encoded; `/` is every path. */
  readonly path: string
}

const ENTRY =
  /^(?:(?<scheme>https?):\/\/)?(?<below>\*\.)?(?<host>[^\s/:?#@*[\]\\]+|\[[\da-fA-F:.]+\])(?::(?<port>\d{1,5}))?(?<path>\/[^\s?#\\]*)?$/

/** What a server may take for a slash or a dot, and so leave the folder that a path seems to lie in. */
const AMBIGUOUS = /%(?:2e|2f|5c|00)/i

/**
 * Reads `images.example.com`, `*.example.com` (the domain and all below it), `example.com:8443`, `example.com/photos/`,
 * each perhaps with a scheme, or `*`; `undefined` for anything else.
 */
export function parseAllowedSource(text: string): AllowedSource | undefined {
  if (text === '*') return { withSubdomains: false, path: '/' }
  const { scheme, below, host = '', port, path = '/' } = ENTRY.exec(text)?.groups ?? {}
  if (host === '' || !URL.canParse(`http://${host}${path}`)) return undefined
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined
  const { hostname, pathname } = new URL(`http://${host}${path}`)
  return {
    scheme: scheme === undefined ? undefined : scheme === 'https' ? 'https:' : 'http:',
    host: hostname,
    withSubdomains: below !== undefined,
    port: port === undefined ? undefined : Number(port),
    path: pathname,
  }
}

/** Whether one of the entries allows a URL of http or https. */
export function isAllowedSource(url: URL, allowed: readonly AllowedSource[]): boolean {
  return allowed.some(
    (entry) =>
      (entry.scheme ?? url.protocol) === url.protocol &&
      isHostOf(entry, url.hostname) &&
      (entry.port ?? defaultPortOf(url)) === portOf(url) &&
      isPathOf(entry, url.pathname),
  )
}

function isHostOf({ host, withSubdomains }: AllowedSource, hostname: string): boolean {
  if (host === undefined || host === hostname) return true
  return withSubdomains && hostname.endsWith(`.${host}`)
}

function isPathOf({ path }: AllowedSource, pathname: string): boolean {
  return path === '/' || (pathname.startsWith(path) && !AMBIGUOUS.test(pathname))
}

const defaultPortOf = ({ protocol }: URL): number => (protocol === 'https:' ? 443 : 80)

const portOf = (url: URL): number => (url.port === '' ? defaultPortOf(url) : Number(url.port))
