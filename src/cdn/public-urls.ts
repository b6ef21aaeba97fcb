import type { EdgeSigner } from './edge-signer.ts'

/**
 * Stands in front of targets that the edge hands out to holders of its signature only: a behaviour of its own. Behind
 * it a target means what it means without it.
 */
export const SIGNED_TREE = '/private'

export interface PublicUrlsOptions {
  /** The distribution's address, without a slash at the end. */
  readonly cdnUrl?: string | undefined
  /** The gateway's own, where browsers reach it. */
  readonly gatewayUrl?: string | undefined
  /** The key that the edge trusts; it needs `cdnUrl`. */
  readonly signer?: EdgeSigner | undefined
  /** A permission of the bucket itself to read one file. */
  readonly presign?: ((file: StoredFile, expiresInS: number) => Promise<string>) | undefined
}

/** A file in the bucket, and how it is handed out. */
export interface StoredFile {
  readonly key: string
  readonly contentDisposition: string
}

/** A permission in the form of cookies. */
export interface CookiePermission {
  /** What the URLs of all that it permits begin with. */
  readonly url: string
  /** The path that the cookies are for. */
  readonly path: string
  /** What the edge wants to see; none where it asks for nothing. */
  readonly cookies: Readonly<Record<string, string>>
}

/** Where browsers find what this server has: at the distribution, else at the gateway, else in the bucket. */
export interface PublicUrls {
  /** The URL of a target; relative where neither address is known. */
  of(this: void, target: string): string
  /** The same of one that not everybody may read: with the edge's permission, where it has our key. */
  ofPrivate(target: string, expiresAt: Date): string
  /** The same for all targets below a path, with one permission. */
  below(path: string, expiresAt: Date): (target: string) => string
  /** The edge's permission for all below a path, as cookies. */
  cookies(path: string, expiresAt: Date): CookiePermission
  /**
   * Where a file of the bucket is read: at its target, or, where neither address is known, in the bucket for so many
   * seconds.
   */
  ofFile(target: string, file: StoredFile, expiresInS: number): Promise<FileUrl>
}

/** A URL, and whether it is the bucket's: then it is the permission itself. */
export interface FileUrl {
  readonly url: string
  readonly isPresigned: boolean
}

/** The order of addresses: the distribution, the gateway, the bucket. */
export function createPublicUrls(options: PublicUrlsOptions): PublicUrls {
  const { cdnUrl, gatewayUrl, signer, presign } = options
  const base = cdnUrl ?? gatewayUrl
  if (signer && cdnUrl === undefined) throw new RangeError('What the edge signs is at the edge: cdnUrl')
  const of = (target: string) => `${base ?? ''}${target}`
  const signed = (target: string) => of(`${SIGNED_TREE}${target}`)
  // Signing takes a millisecond or two, and the photos of an item are shown one after the other.
  const permit = rememberLast((prefix: string, seconds: number) =>
    signer?.signBelow(prefix, { expiresAt: new Date(seconds * 1000) }),
  )
  return {
    of,
    ofPrivate: (target, expiresAt) =>
      signer === undefined ? of(target) : signer.signUrl(signed(target), { expiresAt }),
    below(path, expiresAt) {
      const permission = permit(signed(path), Math.floor(expiresAt.getTime() / 1000))
      if (permission === undefined) return of
      return (target) => {
        if (!target.startsWith(path)) throw new RangeError(`${target} is not below ${path}`)
        return `${signed(target)}${target.includes('?') ? '&' : '?'}${permission}`
      }
    },
    cookies(path, expiresAt) {
      if (signer === undefined) return { url: of(path), path, cookies: {} }
      const url = signed(path)
      return { url, path: `${SIGNED_TREE}${path}`, cookies: signer.signCookies(url, { expiresAt }) }
    },
    async ofFile(target, file, expiresInS) {
      if (base !== undefined || presign === undefined) return { url: of(target), isPresigned: false }
      return { url: await presign(file, expiresInS), isPresigned: true }
    },
  }
}

/** The same, asked again only for something else than the last time. */
function rememberLast<T>(
  make: (prefix: string, seconds: number) => T,
): (prefix: string, seconds: number) => T {
  let last: { readonly prefix: string; readonly seconds: number; readonly made: T } | undefined
  return (prefix, seconds) => {
    if (last?.prefix !== prefix || last.seconds !== seconds) {
      last = { prefix, seconds, made: make(prefix, seconds) }
    }
    return last.made
  }
}
