import type { FaceDetector } from './cloudflare/face-detector.ts'
import { parseConfig } from './config.ts'
import { signDeliveryUrl } from './hosted-delivery/delivery-signature.ts'
import { serveBucket } from './running/serve-bucket.ts'
import { signRest } from './urls/signature.ts'

export type { FaceBox, FaceDetector } from './cloudflare/face-detector.ts'

/** What a gateway inside a program may be given beside its configuration. */
export interface StartOptions {
  /** Looks for faces, for `gravity=face` in Cloudflare's URLs; without it the centre counts. */
  readonly faceDetector?: FaceDetector
}

/** A gateway that takes requests. */
export interface RunningGateway {
  /** Where pictures are served. */
  readonly url: string
  /** Where metrics and health are. */
  readonly adminUrl: string
  /** Finishes requests and writes to the bucket, then closes everything. */
  close(): Promise<void>
}

/**
 * Runs what `halftone serve` runs, inside this process, configured by `environment` instead of the process's own.
 * Resolves when requests are taken; rejects with an error named `ConfigError` that tells every fault.
 */
export async function startGateway(
  environment: Readonly<Record<string, string | undefined>>,
  { faceDetector }: StartOptions = {},
): Promise<RunningGateway> {
  const served = await serveBucket(parseConfig(environment), { faceDetector })
  return { url: served.url, adminUrl: served.adminUrl, close: () => served.close() }
}

const UNSIGNED = '/img/'

/**
 * The signed target of a picture, for sizes that strangers may not ask for: `/img/items/42/801.webp` becomes
 * `/simg/{signature}/items/42/801.webp`. `key` is one of `HALFTONE_SIGNING_KEYS`. Throws a `RangeError` for another path.
 */
export function signTarget(target: string, key: string): string {
  if (!target.startsWith(UNSIGNED) || /[?#]/.test(target)) {
    throw new RangeError(`target: must begin with ${UNSIGNED} and have no query, not ${target}`)
  }
  const rest = target.slice(UNSIGNED.length)
  return `/simg/${signRest(rest, key)}/${rest}`
}

/**
 * The URL of a hosted image with the signature that a private one asks for: `exp`, where it ends, and `sig` are put to
 * the end of its query. `url` is absolute or a path, with `/cdn-cgi/imagedelivery` or without; `key` is the value of one
 * of the account's signing keys. Throws a `RangeError` for a URL that has them already.
 */
export function signDelivery(url: string, key: string, options: { readonly exp?: Date } = {}): string {
  return signDeliveryUrl(url, key, options)
}
