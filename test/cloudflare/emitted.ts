import { parseOptions } from '../../src/cloudflare/parse-options.ts'
import { parseSourceText } from '../../src/cloudflare/source-text.ts'
import { parseCloudflareTarget } from '../../src/cloudflare/target.ts'
import { LIKE_THERE, nativeName, SILENT, understand } from './understood.ts'

/** What a URL that some program has printed comes to, after a browser has sent it. */
export interface Emitted {
  /** In the spelling of native URLs. */
  readonly native: string
  readonly source: string
  readonly warnings: readonly string[]
}

/** Reads a URL of a page below `/cdn-cgi/image`. */
export function readEmitted(printed: string): Emitted {
  const { pathname, search } = new URL(printed, 'https://page.example')
  const target = parseCloudflareTarget(pathname + search, ['/cdn-cgi/image'])
  if (target === undefined) throw new Error(`No target of this dialect: ${printed}`)
  const asked = parseOptions(target.options, SILENT, LIKE_THERE)
  const source = parseSourceText(target.source)
  return {
    native: nativeName(asked),
    source: source.by === 'url' ? source.url.href : source.path + source.query,
    warnings: asked.warnings,
  }
}

/** Reads the options of a hosted image's URL, its last segment. */
export function readHosted(printed: string): string {
  return nativeName(understand(decodeURIComponent(new URL(printed).pathname.split('/').at(-1) ?? '')))
}
