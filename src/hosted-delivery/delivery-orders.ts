import { LRUCache } from 'lru-cache'
import type { AskedOptions, ClientHints } from '../cloudflare/parse-options.ts'
import { parseOptions } from '../cloudflare/parse-options.ts'
import { GatewayError } from '../errors.ts'
import type { HostedImages } from '../hosted/hosted-images.ts'
import { askOrTakeLast, FAILURE_TTL_MS } from '../sources/last-word.ts'
import { checkDelivery } from './delivery-signature.ts'
import { type DeliveryWish, parseDeliveryTarget } from './delivery-target.ts'
import type { DeliveryRight } from './delivery-visitor.ts'
import { variantText } from './variant-text.ts'

export interface DeliveryOrdersOptions {
  readonly images: HostedImages
  /** What stands before the ids in URLs. */
  readonly accountHash: string
  /** Whether the operator keeps copyright notes in pictures. */
  readonly keepsCopyright: boolean
  /** Whether somebody looks for faces. */
  readonly detectsFaces?: boolean
  /** How long an image that was found is believed to be there. */
  readonly ttlMs: number
  /** Unix milliseconds. */
  readonly now: () => number
}

/** A request as it came in. */
export interface DeliveryRequest {
  /** The raw path, without its query. */
  readonly path: string
  /** Without its question mark. */
  readonly query: string
  readonly hints: ClientHints
}

/** What somebody asks for, and by what right. */
export interface DeliveryOrder {
  /** The item of the library that the image is. */
  readonly itemId: string
  readonly asked: AskedOptions
  /** The variant that is asked for; `undefined` for options of their own. */
  readonly variant: string | undefined
  /** How long browsers may keep it where it is public, in seconds. */
  readonly browserTtlS: number
  readonly right: DeliveryRight
}

/** The item that an image is; both times are Unix milliseconds. */
interface KnownItem {
  readonly itemId: string
  /** When it was learnt. */
  readonly at: number
  readonly until: number
}

/** Ids remembered at most. */
const MAX_KNOWN = 5_000

/** What the URLs of hosted images mean. */
export class DeliveryOrders {
  readonly #options: DeliveryOrdersOptions
  /** Items by the ids of their images. */
  readonly #known = new LRUCache<string, KnownItem>({ max: MAX_KNOWN })

  constructor(options: DeliveryOrdersOptions) {
    this.#options = options
  }

  /**
   * What a request asks for. Throws `account_unknown`, `invalid_delivery_url`, `flexible_variants_off`, what options can
   * be wrong with, and `source_not_found` for an image or a variant that is not there.
   */
  async read({ path, query, hints }: DeliveryRequest, signal?: AbortSignal): Promise<DeliveryOrder> {
    const { images, accountHash, now } = this.#options
    const { imageId, wish, signedPath } = parseDeliveryTarget(path, accountHash)
    const { text, variant, browserTtlS } = await this.#understand(wish)
    const asked = parseOptions(text, hints, this.#options)
    const itemId = await this.#itemOf(imageId, signal)
    const order = { itemId, asked, variant: variant?.id, browserTtlS }
    if (variant === undefined) return { ...order, right: 'nobody' }
    if (variant.neverRequireSignedUrls) return { ...order, right: 'anybody' }
    const keys = (await images.keys()).map(({ value }) => value)
    return { ...order, right: checkDelivery({ path: signedPath, query }, keys, now) }
  }

  /** What is to be done to the picture, as options; of a variant the operator's, else what the URL says. */
  async #understand(wish: DeliveryWish) {
    const { images } = this.#options
    const { flexibleVariants, browserTtlS } = await images.config()
    if (wish.by === 'options') {
      if (!flexibleVariants) {
        throw new GatewayError(
          'flexible_variants_off',
          'Flexible variants are not enabled for the account: ask for a named one',
        )
      }
      // What images have without a format of their own; the last one counts.
      return { text: `format=auto,${wish.options}`, variant: undefined, browserTtlS }
    }
    const variant = await images.variant(wish.name)
    if (variant === undefined) throw new GatewayError('source_not_found', 'There is no such variant')
    return { text: variantText(variant), variant, browserTtlS: variant.options.browserTtlS ?? browserTtlS }
  }

  /**
   * Nothing but what is there is remembered: an image that has just come is shown at once. While the bucket is away, it
   * is what it was.
   */
  async #itemOf(imageId: string, signal?: AbortSignal): Promise<string> {
    const { ttlMs, now } = this.#options
    const at = now()
    const known = this.#known.get(imageId)
    if (known !== undefined && at < known.until) return known.itemId
    const last = known && { value: known.itemId, ageMs: at - known.at }
    const { value: itemId, stale } = await askOrTakeLast(
      async (until) => this.#find(imageId, until),
      last,
      signal,
    )
    if (itemId === undefined) {
      this.#known.delete(imageId)
      throw new GatewayError('source_not_found', 'There is no such image')
    }
    const heard = stale && known ? { at: known.at, until: now() + FAILURE_TTL_MS } : { at, until: at + ttlMs }
    this.#known.set(imageId, { itemId, ...heard })
    return itemId
  }

  async #find(imageId: string, signal?: AbortSignal): Promise<string | undefined> {
    const image = await this.#options.images.find(imageId, signal)
    return image === undefined || image.draft ? undefined : image.itemId
  }
}
