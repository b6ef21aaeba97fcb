import { GatewayError } from '../errors.ts'

/** A target of this dialect, taken apart. */
export interface CloudflareTarget {
  /** Decoded once: `w=800,f=auto`. */
  readonly options: string
  /** As it stands in the target, with its query. */
  readonly source: string
}

/** A word that some sites have before the options, and that changes nothing. */
const TRANSPARENT_WORD = 'flow'

/**
 * Takes apart a raw target below one of the mount prefixes (`/cdn-cgi/image`); `undefined` where it is below none, or
 * where options or source are missing. Throws `invalid_target` where the options are not percent-encoded UTF-8.
 */
export function parseCloudflareTarget(
  rawTarget: string,
  mounts: readonly string[],
): CloudflareTarget | undefined {
  const target = rawTarget.replace(/^https?:\/\/[^/?#]*/i, '')
  const path = target.replace(/\?.*$/s, '')
  const mount = longest(mounts.filter((mount) => path.startsWith(`${mount}/`)))
  if (mount === undefined) return undefined
  const [first = '', ...others] = path.slice(mount.length + 1).split('/')
  const hasWord = first === TRANSPARENT_WORD && others.length > 1
  const [options = '', ...source] = hasWord ? others : [first, ...others]
  if (options === '' || source.join('') === '') return undefined
  return { options: decodeOptions(options), source: source.join('/') + target.slice(path.length) }
}

const longest = (texts: readonly string[]): string | undefined =>
  texts.toSorted((one, other) => other.length - one.length)[0]

function decodeOptions(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw new GatewayError('invalid_target', 'options: must be percent-encoded UTF-8', { cause })
  }
}
