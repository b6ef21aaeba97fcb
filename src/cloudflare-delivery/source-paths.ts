import { GatewayError } from '../errors.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import { parseSourcePath } from '../urls/source-path.ts'
import { formatPath } from '../urls/target.ts'
import { MAX_KEY_BYTES } from '../urls/variant-key.ts'
import { parseSourceText, type SourceText } from '../cloudflare/source-text.ts'

/** Paths of what lies on other servers. */
export interface RemotePaths {
  /** The path of an absolute URL; throws `source_not_allowed` and `invalid_source_url`. */
  parse(url: URL): SourcePath
  /** The path at the site's own server of what the bucket does not have; `undefined` where none is set. */
  atSite(path: string, query: string): SourcePath | undefined
}

export interface SourcePathsOptions {
  /** Where this dialect is answered, `/cdn-cgi/image` and others. */
  readonly mounts: readonly string[]
  readonly native: Pick<NativeDialect, 'parse'>
  /** What stands before the path in the bucket, by host in lower case; of other hosts nothing does. */
  readonly hostPrefixes: ReadonlyMap<string, string>
  /** Hosts whose URLs are paths here, beside the host that is asked. */
  readonly ownHosts: ReadonlySet<string>
  /** Without it nothing is fetched from anywhere. */
  readonly remote?: RemotePaths | undefined
}

/** Where a source may be, the likeliest place first: the next one counts where there is nothing. */
export type FindSourcePaths = (source: SourceText, host: string) => readonly SourcePath[]

/** Tells where the sources of this dialect are. Throws what is wrong with one. */
export function createSourcePaths(options: SourcePathsOptions): FindSourcePaths {
  const { hostPrefixes, ownHosts, remote } = options

  function onHost(path: string, query: string, host: string): readonly SourcePath[] {
    const prefix = hostPrefixes.get(host) ?? hostPrefixes.get(host.replace(/:\d+$/, '')) ?? ''
    const here = nativeSource(options, path) ?? parseSourcePath(`${prefix}${path}`.split('/'))
    checkLength(here)
    const atSite = remote?.atSite(path, query)
    return atSite === undefined ? [here] : [here, atSite]
  }

  return function sourcePaths(source, host) {
    if (source.by === 'path') return onHost(source.path, source.query, host)
    const { url } = source
    if (url.host === host || ownHosts.has(url.host)) {
      const own = parseSourceText(`${url.pathname}${url.search}`)
      if (own.by === 'path') return onHost(own.path, own.query, url.host)
    }
    if (remote === undefined) {
      throw new GatewayError('source_not_allowed', `Nothing may be fetched from ${url.host}`)
    }
    return [remote.parse(url)]
  }
}

/** The source that one of our own URLs is made of: there is no need to ask ourselves for it. */
function nativeSource(
  { mounts, native }: Pick<SourcePathsOptions, 'mounts' | 'native'>,
  path: string,
): SourcePath | undefined {
  const target = `/${path}`
  const isBelow = (mount: string) => target.startsWith(`${mount}/`)
  if ([...mounts, '/cdn-cgi', '/simg', '/api/v1'].some(isBelow)) {
    throw new GatewayError('source_loop', 'The source of a picture must not be an answer of this gateway')
  }
  if (!isBelow('/img')) return undefined
  try {
    const parsed = native.parse(`/${formatPath(path)}`)
    const settled = parsed.kind === 'redirect' ? native.parse(parsed.location) : parsed
    return settled.kind === 'image' ? settled.request.source : undefined
  } catch (error) {
    // A folder of the site that happens to have the same name.
    if (error instanceof GatewayError && error.code === 'invalid_target') return undefined
    throw error
  }
}

function checkLength({ path }: SourcePath): void {
  if (Buffer.byteLength(path) <= MAX_KEY_BYTES) return
  throw new GatewayError('invalid_source_url', `source: must be at most ${MAX_KEY_BYTES} bytes`)
}
